/** Where a link from data leads: to a view of the console, or to another page. */
export type SafeLink = { readonly path: string } | { readonly href: string };

const VIEWS = /^\/(?:$|(?:symbols|contests)\/[^/?#]+$|(?:contests|inbox)$)/;

/**
 * A link from data, if it is one that cannot do harm: an `http:` or `https:` URL, or a path that begins with one `/`.
 * A path that a view of the console has leads there.
 */
export function safeLink(link: string | null): SafeLink | undefined {
  if (link === null) return undefined;
  if (VIEWS.test(link)) return { path: link };
  const isPath = /^\/(?![/\\])/.test(link);
  if (!isPath && !/^https?:\/\//i.test(link)) return undefined;
  return URL.canParse(link, location.origin) ? { href: link } : undefined;
}
