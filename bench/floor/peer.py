"""scikit-learn's TF-IDF (1,2) with logistic regression (C = 10) on words, for floor.mjs: trains on the file's rows, prints its
accuracy, then for each line on standard input the processor seconds of transform and predict on the test rows."""
import json, sys, time
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

rows = json.load(open(sys.argv[1]))
train, test = rows['train'], rows['test']
vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
model = LogisticRegression(C=10, max_iter=300).fit(vectorizer.fit_transform([t for t, _ in train]), [y for _, y in train])
texts = [t for t, _ in test]
answers = model.predict(vectorizer.transform(texts))
print(json.dumps({'accuracy': round(100 * sum(a == y for a, (_, y) in zip(answers, test)) / len(test), 2)}), flush=True)
for _ in sys.stdin:
    begin = time.process_time()
    model.predict(vectorizer.transform(texts))
    print(json.dumps({'seconds': time.process_time() - begin}), flush=True)
