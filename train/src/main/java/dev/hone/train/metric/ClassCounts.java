package dev.hone.train.metric;

import java.util.stream.LongStream;

/**
 * What precision and recall are made of, by class.
 *
 * @param hits cases of the class that were predicted as such
 * @param predicted predictions of the class
 * @param actual true cases of the class
 */
record ClassCounts(long[] hits, long[] predicted, long[] actual) {
  Scores scores(int c) {
    return Scores.of(hits[c], predicted[c], actual[c]);
  }

  Scores average(Average average) {
    if (average == Average.MICRO) {
      return Scores.of(LongStream.of(hits).sum(), LongStream.of(predicted).sum(), LongStream.of(actual).sum());
    }
    double precision = 0;
    double recall = 0;
    double f1 = 0;
    double weights = 0;
    for (int c = 0; c < hits.length; c++) {
      double weight = average == Average.MACRO ? 1 : actual[c];
      Scores s = scores(c);
      precision += weight * s.precision();
      recall += weight * s.recall();
      f1 += weight * s.f1();
      weights += weight;
    }
    return new Scores(Scores.share(precision, weights), Scores.share(recall, weights), Scores.share(f1, weights));
  }
}
