package dev.hone.tokenizer.training;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SequencedSet;

/**
 * Learns merges: the most frequent pair of neighbouring symbols becomes one symbol, again and again; of equally
 * frequent pairs the one with the smaller ids.
 *
 * <p>Counts are kept up to date instead of being taken anew: a merge touches only the words that hold its pair, and in
 * them only the pairs beside it. A candidate in the queue may be outdated; it is then put back with its present count.
 * As in the reference, a candidate knows the words in which its pair stood when it was queued. A pair that comes up
 * again later (two different merges can make the same token) is a second candidate with its own words, and merging it
 * moves the pair to the end of the merges made so far.
 */
final class MergeLearner {
  private static final int SINGLE = 1;

  private final TokenList tokens;
  private final String prefix;
  private final TrainingOptions options;
  private final int[] symbols;
  private final int[] starts;
  private final int[] lengths;
  private final long[] frequencies;
  private final PairCounts pairs = new PairCounts();
  private final PriorityQueue<Candidate> queue = new PriorityQueue<>();
  private int[] tokenLengths;
  // Words that got a pair in this step, by number of the pair; those pairs.
  private WordNumbers[] fresh = new WordNumbers[1 << 14];
  private int[] touched = new int[1 << 10];
  private int touchedCount;

  /** Word numbers in ascending order. */
  private static final class WordNumbers {
    private int[] values = new int[4];
    private int size;

    void add(int word) {
      if (size > 0 && values[size - 1] == word) {
        return;
      }
      if (size == values.length) {
        values = Arrays.copyOf(values, size + (size >> 1) + 1);
      }
      values[size++] = word;
    }
  }

  /** A pair that may be merged, its count when it was queued, and the words it was in. */
  private record Candidate(long count, long pair, int number, WordNumbers words) implements Comparable<Candidate> {
    @Override
    public int compareTo(Candidate other) {
      return count != other.count ? Long.compare(other.count, count) : Long.compare(pair, other.pair);
    }
  }

  MergeLearner(WordCounts words, Alphabet alphabet, TokenList tokens, String prefix, TrainingOptions options) {
    this.tokens = tokens;
    this.prefix = prefix;
    this.options = options;
    int n = words.size();
    symbols = new int[words.start(n)];
    starts = new int[n];
    lengths = new int[n];
    frequencies = new long[n];
    int used = 0;
    for (int i = 0; i < n; i++) {
      starts[i] = used;
      lengths[i] = alphabet.spell(words.chars(), words.start(i), words.start(i + 1), symbols, used);
      frequencies[i] = words.count(i);
      used += lengths[i];
    }
    tokenLengths = new int[Math.max(options.vocabSize(), tokens.size())];
    Arrays.fill(tokenLengths, SINGLE);
  }

  /** Adds tokens until there are enough, or no pair is frequent enough; returns the merged pairs in order. */
  List<Long> run(TrainingListener listener) {
    countPairs();
    SequencedSet<Long> merges = new LinkedHashSet<>();
    while (tokens.size() < options.vocabSize()) {
      Candidate top = queue.poll();
      if (top == null) {
        break;
      }
      long count = pairs.count(top.number());
      if (top.count() != count) {
        queue.add(new Candidate(count, top.pair(), top.number(), top.words()));
        continue;
      }
      if (count < Math.max(1, options.minFrequency())) {
        break;
      }
      merges.addLast(top.pair());
      merge(top);
      listener.progress(TrainingListener.Phase.MERGING, tokens.size(), options.vocabSize());
    }
    return new ArrayList<>(merges);
  }

  private void countPairs() {
    for (int w = 0; w < starts.length; w++) {
      for (int i = starts[w]; i + 1 < starts[w] + lengths[w]; i++) {
        appear(symbols[i], symbols[i + 1], w);
      }
    }
    enqueue();
  }

  private void merge(Candidate candidate) {
    int left = PairCounts.left(candidate.pair());
    int right = PairCounts.right(candidate.pair());
    String end = tokens.text(right);
    int known = tokens.size();
    int merged = tokens.add(tokens.text(left) + (end.startsWith(prefix) ? end.substring(prefix.length()) : end));
    if (merged == known) {
      tokenLengths[merged] = tokenLengths[left] + tokenLengths[right];
    }
    WordNumbers words = candidate.words();
    for (int i = 0; i < words.size; i++) {
      merge(words.values[i], left, right, merged);
    }
    enqueue();
  }

  private void merge(int word, int left, int right, int merged) {
    int[] s = symbols;
    int from = starts[word];
    int to = from + lengths[word];
    long n = frequencies[word];
    int write = from;
    for (int read = from; read < to; ) {
      int symbol = s[read++];
      if (symbol != left || read == to || s[read] != right) {
        s[write++] = symbol;
        continue;
      }
      read++;
      if (write > from) {
        pairs.add(PairCounts.pair(s[write - 1], left), -n);
        appear(s[write - 1], merged, word);
      }
      s[write++] = merged;
      if (read < to) {
        pairs.add(PairCounts.pair(right, s[read]), -n);
        appear(merged, s[read], word);
      }
    }
    lengths[word] = write - from;
  }

  private void appear(int left, int right, int word) {
    int length = tokenLengths[left] + tokenLengths[right];
    if (options.maxTokenLength() > 0 && length > 2 * SINGLE && length >= options.maxTokenLength()) {
      return;
    }
    int number = pairs.add(PairCounts.pair(left, right), frequencies[word]);
    if (number >= fresh.length) {
      fresh = Arrays.copyOf(fresh, 2 * number);
    }
    WordNumbers words = fresh[number];
    if (words == null) {
      fresh[number] = words = new WordNumbers();
      if (touchedCount == touched.length) {
        touched = Arrays.copyOf(touched, 2 * touchedCount);
      }
      touched[touchedCount++] = number;
    }
    words.add(word);
  }

  private void enqueue() {
    for (int i = 0; i < touchedCount; i++) {
      int number = touched[i];
      long count = pairs.count(number);
      if (count > 0) {
        queue.add(new Candidate(count, pairs.pair(number), number, fresh[number]));
      }
      fresh[number] = null;
    }
    touchedCount = 0;
  }
}
