/* The export dialog for another page: its words and sheet come with it. */
import { loadWords } from "../../core/i18n.js";
import { loadStyles, withStyles } from "../../ui/styles.js";

export const load = () => Promise.all([withStyles("more", import("./dialog.js")), loadWords("exports"), loadStyles("exports")]).then(([m]) => m.ExportDialog);
