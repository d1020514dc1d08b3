import type { ComponentProps, MouseEvent, ReactNode } from "react";

interface Props extends Omit<ComponentProps<"button">, "disabled" | "aria-disabled"> {
  /** Whether it does nothing now, such as while a command is under way. */
  readonly isOff: boolean;
}

/** A button that can be off, and then keeps the focus, which a disabled one loses. */
export function Button({ isOff, onClick, ...rest }: Props): ReactNode {
  function click(event: MouseEvent<HTMLButtonElement>): void {
    // Neither does its form submit anything, also on Enter in a field.
    if (isOff) event.preventDefault();
    else onClick?.(event);
  }

  return <button {...rest} aria-disabled={isOff} onClick={click} />;
}
