"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("with-script");

  // In a frame, as on Airflow's page of a run, the browser withholds the reader's sign-in from this
  // page: it can't request another one, and the page around it has a list of runs of its own.
  if (window.top !== window) document.querySelector("a.button[href='../index.html']")?.remove();

  // Theme: the system's until the reader chooses one, which is kept if the browser allows it.
  const themes = ["system", "light", "dark"];
  const button = document.getElementById("theme");
  let theme = "system";
  try { theme = localStorage.getItem("theme") || theme; } catch { /* storage is not allowed */ }
  const showTheme = () => {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    button.setAttribute("aria-label", `Theme: ${theme}`);
    document.getElementById("theme-name").textContent = theme;
  };
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    try { localStorage.setItem("theme", theme); } catch { /* storage is not allowed */ }
    showTheme();
  });
  showTheme();

  // Tables: a click on a header sorts by it, up then down; cells without a value stay last.
  const readCell = (row, index, kind) => {
    const cell = row.cells[index];
    if (kind !== "number") return cell.textContent.trim().toLowerCase();
    return "value" in cell.dataset ? Number(cell.dataset.value) : NaN;
  };
  const compare = (one, other, sign) => {
    if (Number.isNaN(one) || Number.isNaN(other)) return Number.isNaN(one) - Number.isNaN(other);
    if (typeof one === "number") return sign * (one - other);
    return sign * one.localeCompare(other, "en", { numeric: true });
  };
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const body = table.tBodies[0];
    const headers = [...table.tHead.rows[0].cells];
    headers.forEach((header, index) => {
      const kind = header.dataset.sort;
      if (!kind) return;
      const press = document.createElement("button");
      press.type = "button";
      press.textContent = header.textContent;
      header.replaceChildren(press);
      press.addEventListener("click", () => {
        const isUp = header.getAttribute("aria-sort") !== "ascending";
        for (const other of headers) other.removeAttribute("aria-sort");
        header.setAttribute("aria-sort", isUp ? "ascending" : "descending");
        const rows = [...body.rows].map((row) => [readCell(row, index, kind), row]);
        rows.sort(([one], [other]) => compare(one, other, isUp ? 1 : -1));
        body.append(...rows.map(([, row]) => row));
      });
    });
  }

  // Filters: a row stays if its text holds every word of the search and it matches every choice.
  for (const shown of document.querySelectorAll("[data-shown]")) {
    const id = shown.dataset.shown;
    const rows = [...document.getElementById(id).tBodies[0].rows];
    const search = document.querySelector(`[data-search="${id}"]`);
    const choices = [...document.querySelectorAll(`[data-choose="${id}"]`)];
    const apply = () => {
      const words = search.value.trim().toLowerCase().split(/\s+/);
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word)) ||
          choices.some((one) => one.value && row.dataset[one.dataset.key] !== one.value);
      }
      shown.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
    };
    for (const input of [search, ...choices]) input.addEventListener("input", apply);
    apply();
  }

  // Confusion matrix: the slider moves along the thresholds of the evaluation.
  const slider = document.getElementById("threshold");
  if (slider) {
    const points = JSON.parse(document.getElementById("thresholds").textContent);
    const value = document.getElementById("threshold-value");
    const status = document.getElementById("threshold-status");
    const counts = new Intl.NumberFormat("en");
    const divide = (part, whole) => (whole ? (part / whole).toFixed(4) : "–");
    const show = () => {
      const [threshold, tp, fp, tn, fn] = points[Number(slider.value)];
      for (const [name, count] of Object.entries({ tp, fp, tn, fn })) {
        document.querySelector(`[data-count="${name}"]`).textContent = counts.format(count);
      }
      const rates = {
        precision: divide(tp, tp + fp),
        recall: divide(tp, tp + fn),
        false_positive_rate: divide(fp, fp + tn),
        accuracy: divide(tp + tn, tp + fp + tn + fn),
      };
      for (const [name, rate] of Object.entries(rates)) {
        document.querySelector(`[data-rate="${name}"]`).textContent = rate;
      }
      const text = String(Number(threshold.toPrecision(4)));
      value.textContent = text;
      slider.setAttribute("aria-valuetext", `threshold ${text}`);
      status.textContent = `Threshold ${text}: precision ${rates.precision}, recall ${rates.recall}`;
    };
    slider.addEventListener("input", show);
    document.getElementById("threshold-reset").addEventListener("click", () => {
      slider.value = slider.dataset.chosen;
      show();
    });
    slider.setAttribute("aria-valuetext", `threshold ${value.textContent}`);
  }

  // A link to a node opens it.
  const openTarget = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) {
      target.open = true;
      target.querySelector("summary").focus({ preventScroll: true });
      target.scrollIntoView({ block: "start" });
    }
  };
  for (const link of document.querySelectorAll('a[href^="#node-"]')) {
    link.addEventListener("click", () => requestAnimationFrame(openTarget));
  }
  addEventListener("hashchange", openTarget);
  openTarget();

  // Sections: the current one is marked in the list.
  const links = new Map([...document.querySelectorAll(".sections a")].map(
    (link) => [link.getAttribute("href").slice(1), link]));
  const visible = new Set();
  const watcher = new IntersectionObserver((changes) => {
    for (const { target, isIntersecting } of changes) {
      if (isIntersecting) visible.add(target.id);
      else visible.delete(target.id);
    }
    for (const link of links.values()) link.removeAttribute("aria-current");
    const current = [...links.keys()].find((id) => visible.has(id));
    links.get(current)?.setAttribute("aria-current", "true");
  }, { rootMargin: "-170px 0px -55% 0px" });
  for (const id of links.keys()) watcher.observe(document.getElementById(id));
})();
