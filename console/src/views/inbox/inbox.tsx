export default function Inbox(): null {
  return null;
}
