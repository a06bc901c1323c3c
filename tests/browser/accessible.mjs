/** What everybody can use: axe-core finds nothing against it. */

import assert from "node:assert/strict";
import axe from "axe-core";

/** Has axe-core look at a page in some state. */
export async function isAccessible(page, state) {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const results = await axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
    return results.violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(({ html, failureSummary }) => ({ html, failureSummary })) }));
  });
  assert.deepEqual(violations, [], `${state}: ${JSON.stringify(violations, null, 2)}`);
}
