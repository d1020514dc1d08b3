import { Component, type ErrorInfo, type ReactNode } from "react";
import { texts } from "../app/texts";

interface Props {
  readonly children: ReactNode;
}

/** Keeps a defect in a part of the page from taking the rest away. */
export class ErrorBoundary extends Component<Props, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override componentDidCatch(error: Error, info: ErrorInfo): void {
    console.error(error, info.componentStack);
  }

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <div className="notice" data-tone="bad" role="alert">
        <p>{texts.states.broken}</p>
        <button type="button" onClick={() => this.setState({ hasFailed: false })}>
          {texts.states.retry}
        </button>
      </div>
    );
  }
}
