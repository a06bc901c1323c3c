/** What axe-core finds on a page, and where pictures of it go. */

import assert from "node:assert/strict";
import axe from "axe-core";

export const PICTURES = process.env.PICTURES ?? new URL("../../../target/page", import.meta.url).pathname;

/** Asserts that axe-core finds nothing wrong. */
export async function isAccessible(page, state) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const results = await axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
    return results.violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(({ html, failureSummary }) => ({ html, failureSummary })) }));
  });
  assert.deepEqual(violations, [], `${state}: ${JSON.stringify(violations, null, 2)}`);
}
