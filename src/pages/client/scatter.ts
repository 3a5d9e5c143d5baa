/** The script of the scatter page. */
export {};
