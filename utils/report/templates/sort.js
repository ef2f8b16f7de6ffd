// Sort the table by the clicked column; a second click reverses the order.
document.querySelectorAll("th button").forEach((button, column) => button.addEventListener("click", () => {
  const head = button.parentElement, body = document.querySelector("tbody");
  const ascending = head.getAttribute("aria-sort") !== "ascending";
  const key = row => {
    const text = row.cells[column].textContent;
    const number = parseFloat(text.replaceAll(",", ""));
    return head.dataset.sort === "text" ? text : Number.isNaN(number) ? -Infinity : number;
  };
  const order = (a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0) * (ascending ? 1 : -1);
  [...body.rows].sort(order).forEach(row => body.append(row));
  document.querySelectorAll("th").forEach(other => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
}));
