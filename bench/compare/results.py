"""What was measured, in a file that is written after each scenario: a run that was cut short goes on from there."""
import json
import os
import statistics


class results:
    def __init__(self, path):
        self.path, self.rows, self.about = path, {}, {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                read = json.load(file)
            self.rows, self.about = read["rows"], read["about"]

    def has(self, scenario):
        return all(row.name in self.rows for row in scenario.rows)

    def put(self, row, proxy, measures, date):
        """The measures of all rounds, or one with only `error` or `dash`."""
        into = self.rows.setdefault(row.name, {"by": {}})
        into.update(unit=row.unit, title=row.title, date=date)
        into["by"][proxy] = combined(measures)

    def save(self):
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump({"about": self.about, "rows": self.rows}, file, indent=1)
        os.replace(self.path + ".new", self.path)


def combined(measures):
    """Medians of the rounds; failures are added up, and the first reason stands for all."""
    errors = [each["error"] for each in measures if "error" in each]
    dashes = [each["dash"] for each in measures if "dash" in each]
    good = [each for each in measures if "cost" in each]
    if dashes:
        return {"dash": dashes[0]}
    if not good:
        return {"error": errors[0]}
    out = {name: statistics.median(each[name] for each in good)
           for name in ("cost", "rate", "p50", "p99", "p999", "units") if name in good[0]}
    if "max" in good[0]:
        out["max"] = max(each["max"] for each in good)
    out["rounds"] = len(good)
    out["failed"] = sum(each.get("failed", 0) for each in good)
    out["why"] = next((each["why"] for each in good if each.get("why")), "")
    if errors:
        out["why"] = f"{len(errors)} of {len(measures)} rounds gave nothing: {errors[0]}"
    return out


def cheapest_peer(row, own="cardea"):
    """What ratios are counted from: the cheapest of the others, or what there is."""
    costs = [each["cost"] for name, each in row["by"].items() if name != own and "cost" in each]
    return min(costs or [each["cost"] for each in row["by"].values() if "cost" in each] or [0])
