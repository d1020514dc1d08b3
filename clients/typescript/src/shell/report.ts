/** Reports an error of the application's own code, as the platform reports one that nobody catches; never throws. */
export function report(error: unknown): void {
  if (typeof reportError === "function") reportError(error);
  else console.error(error);
}
