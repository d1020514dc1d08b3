export default function Contests(): null {
  return null;
}
