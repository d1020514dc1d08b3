import type { ReactNode } from "react";
import { Link } from "wouter";
import { safeLink } from "../app/link";

interface Props {
  /** A link from data. */
  readonly to: string | null;
  readonly children: ReactNode;
  readonly onClick?: (() => void) | undefined;
}

/** A link from data, or its text alone if the link is not safe. */
export function SafeAnchor({ to, children, onClick }: Props): ReactNode {
  const link = safeLink(to);
  if (link === undefined) return children;
  if ("path" in link) {
    return (
      <Link href={link.path} onClick={onClick}>
        {children}
      </Link>
    );
  }
  return (
    <a href={link.href} target="_blank" rel="noopener noreferrer nofollow" onClick={onClick}>
      {children}
    </a>
  );
}
