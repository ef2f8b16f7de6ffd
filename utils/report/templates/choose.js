// Filter the rows by words, and offer to compare the chosen runs: a link if a server shows the page, else the command.
(() => {
  const byId = id => document.getElementById(id);
  const rows = [...document.querySelectorAll("tbody tr")], boxes = rows.map(row => row.querySelector("input"));
  const texts = new Map(rows.map(row => [row, row.innerText.toLowerCase()]));
  const counted = n => `${n} ${n === 1 ? "run" : "runs"}`;
  const served = typeof SERVED !== "undefined" && SERVED;

  const filter = () => {
    const words = byId("filter").value.toLowerCase().split(/\s+/);
    rows.forEach(row => row.hidden = !words.every(word => texts.get(row).includes(word)));
    const shown = rows.filter(row => !row.hidden).length;
    byId("count").textContent = shown === rows.length ? counted(shown) : `${shown} of ${counted(rows.length)}`;
    showChoice();
  };

  const showChoice = () => {
    const shown = boxes.filter(box => !box.disabled && !box.closest("tr").hidden);
    byId("all").checked = shown.length > 0 && shown.every(box => box.checked);
    const chosen = [...document.querySelectorAll("tbody input:checked")], enough = chosen.length > 1;
    byId("choice").hidden = chosen.length === 0;
    byId("chosen").textContent = `${counted(chosen.length)} chosen${enough ? "." : "; choose another one to compare."}`;
    byId("compare").hidden = !enough || !served;
    byId("compare").href = "compare?" + new URLSearchParams(chosen.map(box => ["run", box.value]));
    byId("command").hidden = !enough || served;
    byId("command").querySelector("code").textContent =
      ".venv/bin/python -m utils.report " + chosen.map(box => box.dataset.argument).join(" ");
  };

  byId("filter").addEventListener("input", filter);
  byId("all").addEventListener("change", () => {
    boxes.filter(box => !box.disabled && !box.closest("tr").hidden).forEach(box => box.checked = byId("all").checked);
    showChoice();
  });
  document.querySelector("tbody").addEventListener("change", showChoice);
  byId("copy").addEventListener("click", async () => {
    const code = byId("command").querySelector("code");
    getSelection().selectAllChildren(code);  // for ctrl-C where the page may not write to the clipboard
    try {
      await navigator.clipboard.writeText(code.textContent);
      byId("copy").textContent = "Copied";
    } catch {
      byId("copy").textContent = "Press ctrl-C";
    }
    setTimeout(() => byId("copy").textContent = "Copy", 2000);
  });
})();
