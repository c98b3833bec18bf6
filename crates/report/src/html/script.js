(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("js");
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  var theme = document.getElementById("theme");
  function name() {
    return root.dataset.theme || (dark.matches ? "dark" : "light");
  }
  function label() {
    theme.textContent = name() === "dark" ? "Light theme" : "Dark theme";
  }
  var wanted = /^#theme=(dark|light)$/.exec(location.hash);
  if (wanted) root.dataset.theme = wanted[1];
  label();
  dark.addEventListener("change", label);
  theme.addEventListener("click", function () {
    root.dataset.theme = name() === "dark" ? "light" : "dark";
    label();
  });
  var order = { critical: 0, high: 1, medium: 2, low: 3, info: 4 };
  function sortable(table) {
    var body = table.tBodies[0];
    var rows = Array.prototype.slice.call(body.rows);
    var heads = Array.prototype.slice.call(table.tHead.rows[0].cells);
    function key(row, column) {
      if (column === 0) return order[row.dataset.severity];
      var cell = row.cells[column];
      return cell.dataset.key === undefined ? cell.textContent : parseFloat(cell.dataset.key);
    }
    heads.forEach(function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("click", function () {
        var down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        var keyed = rows.map(function (row, index) {
          return { row: row, index: index, key: key(row, column) };
        });
        keyed.sort(function (a, b) {
          var sign = typeof a.key === "number" ? a.key - b.key
            : a.key.localeCompare(b.key, "en", { numeric: true });
          return (down ? -sign : sign) || a.index - b.index;
        });
        keyed.forEach(function (entry) { body.appendChild(entry.row); });
      });
    });
  }
  Array.prototype.forEach.call(document.querySelectorAll("table.sortable"), sortable);
  var table = document.getElementById("findings-table");
  if (!table) return;
  var body = table.tBodies[0];
  var rows = Array.prototype.slice.call(body.rows);
  var search = document.getElementById("search");
  var boxes = Array.prototype.slice.call(document.querySelectorAll("input[name=severity]"));
  var shown = document.getElementById("shown");
  var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });
  function filter() {
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    var on = {};
    boxes.forEach(function (box) { on[box.value] = box.checked; });
    var n = 0;
    rows.forEach(function (row, index) {
      var fits = on[row.dataset.severity] !== false && words.every(function (word) {
        return texts[index].indexOf(word) >= 0;
      });
      row.hidden = !fits;
      if (fits) n += 1;
    });
    shown.textContent = n + " of " + rows.length + " rows";
  }
  search.addEventListener("input", filter);
  boxes.forEach(function (box) { box.addEventListener("change", filter); });
  filter();
})();
