// Before the first paint: light or dark as the address says, as the reader chose, or as the system has it.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const choose = () => {
    let chosen = new URLSearchParams(location.search).get("theme");
    try {
      chosen ||= localStorage.getItem("theme");
    } catch {
      // Without storage the system's choice holds.
    }
    root.dataset.theme = chosen === "light" || chosen === "dark" ? chosen : dark.matches ? "dark" : "light";
  };
  dark.addEventListener("change", choose);
  choose();
})();
