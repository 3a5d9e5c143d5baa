/** The script of the serve page. */
export {};
