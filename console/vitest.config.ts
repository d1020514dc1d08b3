import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { preserveSymlinks: true, dedupe: ["react"] },
  test: { environment: "happy-dom", include: ["test/**/*.test.{ts,tsx}"] },
});
