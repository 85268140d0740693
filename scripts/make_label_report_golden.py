"""What scikit-learn's classification_report and confusion_matrix say of drawn labels, for test/evaluate/by-label.test.ts.

  python scripts/make_label_report_golden.py test/golden/label-report-golden.json

Needs scikit-learn; 1.5.2 made the file. Labels are drawn by a seed. A label of the first case is never answered, one has no row.
"""
import json, random, sys
import sklearn
from sklearn.metrics import classification_report, confusion_matrix

draw = random.Random(7)


def rates(row):
    return {"precision": row["precision"], "recall": row["recall"], "f1": row["f1-score"]}


def report(truth, answers, labels, several):
    found = classification_report(truth, answers, labels=None if not several else range(labels), output_dict=True, zero_division=0)
    by_label = {str(c): {**rates(found[str(c)]), "support": int(found[str(c)]["support"])} for c in range(labels) if str(c) in found}
    means = {"macro": rates(found["macro avg"]), "weighted": rates(found["weighted avg"])}
    if several:
        means["micro"] = rates(found["micro avg"])
    return {"labels": by_label, **means}


def one_label(labels, rows, never_answered, no_row):
    truth = [draw.choice([c for c in range(labels) if c != no_row]) for _ in range(rows)]
    near = lambda c: c if draw.random() < 0.6 else draw.randrange(labels)
    answers = [a if a != never_answered else 0 for a in map(near, truth)]
    matrix = confusion_matrix(truth, answers, labels=range(labels)).tolist()
    return {"count": labels, "truth": truth, "answers": answers, **report(truth, answers, labels, False), "confusion": matrix}


def several_labels(labels, rows):
    truth = [[int(draw.random() < 0.4) for _ in range(labels)] for _ in range(rows)]
    answers = [[t if draw.random() < 0.7 else 1 - t for t in row] for row in truth]
    return {"count": labels, "truth": truth, "answers": answers, **report(truth, answers, labels, True)}


golden = {
    "scikit-learn": sklearn.__version__,
    "oneLabel": [one_label(5, 60, 3, 4), one_label(2, 25, None, None), one_label(12, 80, 7, None)],
    "severalLabels": [several_labels(4, 30)],
}
with open(sys.argv[1], "w") as file:
    json.dump(golden, file, separators=(",", ":"))
    file.write("\n")
