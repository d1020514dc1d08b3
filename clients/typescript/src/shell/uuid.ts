/** A random UUID (RFC 9562, version 4); `crypto.randomUUID` is missing on pages that are not served over HTTPS. */
export function uuid(): string {
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => (byte + 256).toString(16).slice(1));
  // The version is 4, and the variant 8.
  return hex.join("").replace(/(.{8})(.{4}).(.{3}).(.{3})/, "$1-$2-4$3-8$4-");
}
