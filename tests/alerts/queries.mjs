// The queries of the dashboard (deploy/grafana/duel.json) and the names of metrics in queries; run as a
// program, prints the queries as recording rules, which promtool can check:
//   node tests/alerts/queries.mjs > rules.yml

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const DASHBOARD = new URL("../../deploy/grafana/duel.json", import.meta.url);
const ALERTS = new URL("../../deploy/prometheus/alerts.yml", import.meta.url);

export function readDashboard() {
    return JSON.parse(readFileSync(DASHBOARD, "utf8"));
}

/** Every panel, those inside of folded rows too. */
export function panelsOf(dashboard) {
    return dashboard.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
}

/** [{title, expr}, …] with the variables as Grafana would fill them in. */
export function queriesOf(dashboard) {
    const variables = dashboard.templating.list.filter((one) => one.type === "query").map((one) => ({
        title: `variable ${one.name}`, expr: one.definition.replace(/^label_values\((.*), *\w+\)$/, "$1"),
    }));
    const annotations = dashboard.annotations.list.filter((one) => one.expr)
        .map((one) => ({ title: `annotation ${one.name}`, expr: one.expr }));
    const targets = panelsOf(dashboard).flatMap((panel) =>
        (panel.targets ?? []).map((target) => ({ title: panel.title, expr: target.expr })));
    return [...targets, ...variables, ...annotations].map(({ title, expr }) => ({
        title,
        expr: expr.replaceAll("$node", ".*").replaceAll("$job", ".*").replaceAll("$__rate_interval", "1m")
            .replaceAll("$__range", "1h"),
    }));
}

/** The queries of the alerts, one text. */
export function alertQueries() {
    return readFileSync(ALERTS, "utf8").replace(/^ *(#|summary:|description:|runbook_url:).*$/gm, "");
}

/** Families that a query names: without what Prometheus adds to those of a histogram. */
export function metricsIn(text) {
    const names = text.match(/\b(?:duel|process)_[a-z_]+\b/g) ?? [];
    return [...new Set(names.map((name) => name.replace(/_(bucket|sum|count)$/, "")))].sort();
}

function asRules(queries) {
    const lines = queries.map(({ title, expr }, index) =>
        `      # ${title}\n      - {record: "panel:${index}", expr: ${JSON.stringify(expr)}}`);
    return `groups:\n  - name: dashboard\n    rules:\n${lines.join("\n")}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    process.stdout.write(asRules(queriesOf(readDashboard())));
}
