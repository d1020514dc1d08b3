import type { ReactNode } from "react";

interface Props {
  /** The sentence with a name in it. */
  readonly of: (name: string) => string;
  readonly name: string;
}

/** A sentence with a name or another text from data, which may be in any script and direction, and is set apart from the rest. */
export function Sentence({ of, name }: Props): ReactNode {
  const [before, after] = of("\0").split("\0");
  return (
    <>
      {before}
      <bdi>{name}</bdi>
      {after}
    </>
  );
}
