// Sort the table by the clicked column; a second click reverses the order. Empty cells stay last.
document.querySelectorAll("th button").forEach(button => button.addEventListener("click", () => {
  const head = button.parentElement, column = head.cellIndex, body = document.querySelector("tbody");
  const ascending = head.getAttribute("aria-sort") !== "ascending";
  const key = row => {
    const cell = row.cells[column];
    return cell.dataset.rank !== undefined ? Number(cell.dataset.rank) : cell.textContent.trim();
  };
  const order = (a, b) => {
    const [x, y] = [key(a), key(b)];
    if ((x === "–") !== (y === "–")) return x === "–" ? 1 : -1;
    const found = typeof x === "number" ? x - y : x.localeCompare(y, "en", {numeric: true});
    return ascending ? found : -found;
  };
  body.append(...[...body.rows].sort(order));
  document.querySelectorAll("th").forEach(other => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
}));
