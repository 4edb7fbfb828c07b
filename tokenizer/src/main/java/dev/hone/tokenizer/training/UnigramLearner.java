package dev.hone.tokenizer.training;

import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.tokenizer.lookup.CharTrie;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Learns the pieces of a Unigram tokenizer (Kudo 2018, "Subword Regularization"): from many seed pieces, expectation maximisation
 * of their log probabilities and removal of those whose absence costs the text least likelihood, in turn, until about as many as
 * wanted are left. Rounds, shares and the Bayesian maximisation step are those of the reference's trainer, and so are the pieces.
 *
 * <p>The order of sums is fixed: the same text gives the same scores on any number of threads. Characters that the text needs and
 * the rounds dropped get a score each, in the reference in an order that changes from run to run, here in that of code points.
 */
final class UnigramLearner {
  /** Most code points of a piece unless options say otherwise. */
  static final int LONGEST = 16;
  private static final int SEEDS = 1_000_000;
  private static final int ROUNDS = 2; // of maximisation between two removals
  private static final double KEPT = 0.75; // of the pieces, at a removal
  private static final double LEAST_EXPECTED = 0.5;
  private static final double PENALTY = 0.0001; // between characters that had no score left
  private static final int SHARES = 8; // sums of the words, whatever the number of threads
  private static final int UNKNOWN = 0;

  /** A piece and its log probability. */
  record Piece(String text, double score) {}

  private final TrainingOptions options;
  private final List<char[]> words = new ArrayList<>();
  private final long[] frequencies;
  private final int wanted; // with special tokens
  private final int nearlyWanted;

  private List<Piece> pieces = new ArrayList<>(); // the unknown one first
  private double[] scores;
  private CharTrie trie;

  UnigramLearner(WordCounts counts, TrainingOptions options) {
    this.options = options;
    this.wanted = options.vocabSize();
    this.nearlyWanted = (int) (wanted * 11L / 10);
    // That of reading depends on threads.
    Integer[] order = IntStream.range(0, counts.size()).boxed().toArray(Integer[]::new);
    char[] all = counts.chars();
    Arrays.sort(order, (a, b) ->
        Arrays.compare(all, counts.start(a), counts.start(a + 1), all, counts.start(b), counts.start(b + 1)));
    frequencies = new long[order.length];
    for (int i = 0; i < order.length; i++) {
      words.add(Arrays.copyOfRange(all, counts.start(order[i]), counts.start(order[i] + 1)));
      frequencies[i] = counts.count(order[i]);
    }
  }

  /** The pieces by falling score, special tokens first. */
  List<Piece> run(TrainingListener listener) {
    SortedSet<Integer> required = new TreeSet<>();
    words.forEach(word -> new String(word).codePoints().forEach(required::add));
    if (required.isEmpty()) {
      throw new TokenizerException("tokenizer training: the text holds no words");
    }
    if (required.size() + options.specialTokens().size() > wanted) {
      throw new TokenizerException("tokenizer training: a vocabulary of " + wanted + " has no room for "
          + options.specialTokens().size() + " special tokens and the " + required.size()
          + " single characters of the text; make it larger");
    }
    seed();
    int first = pieces.size();
    while (true) {
      for (int round = 0; round < ROUNDS; round++) {
        maximise(expected());
      }
      listener.progress(TrainingListener.Phase.PRUNING, Math.max(0, first - pieces.size()), Math.max(1, first - nearlyWanted));
      if (pieces.size() <= nearlyWanted) {
        return finish(required);
      }
      int before = pieces.size();
      prune();
      if (pieces.size() == before) {
        return finish(required); // nothing more can go
      }
    }
  }

  private void seed() {
    int longest = options.maxTokenLength() == 0 ? LONGEST : options.maxTokenLength();
    List<SeedPieces.Seed> seeds = new SeedPieces(words, frequencies, longest).list(SEEDS);
    double sum = 0;
    for (SeedPieces.Seed seed : seeds) {
      sum += seed.score();
    }
    List<Piece> all = new ArrayList<>(seeds.size() + 1);
    all.add(new Piece("", Double.NaN));
    for (SeedPieces.Seed seed : seeds) {
      all.add(new Piece(seed.text(), Math.log(seed.score()) - Math.log(sum)));
    }
    set(all);
  }

  private void set(List<Piece> next) {
    pieces = next;
    scores = new double[next.size()];
    trie = new CharTrie();
    for (int id = 0; id < scores.length; id++) {
      scores[id] = next.get(id).score();
      if (id != UNKNOWN) {
        trie.put(next.get(id).text(), 0, id);
      }
    }
  }

  private interface WordAction {
    void on(UnigramLattice lattice, double frequency, double[] sums);
  }

  /** Sums by piece over all words: shares of the words are summed by themselves, then in order. */
  private double[] sums(WordAction action) {
    double[][] shares = new double[SHARES][];
    IntConsumer sum = share -> {
      double[] sums = new double[pieces.size()];
      UnigramLattice lattice = new UnigramLattice(trie, scores, UNKNOWN);
      for (int w = share * words.size() / SHARES; w < (share + 1L) * words.size() / SHARES; w++) {
        char[] word = words.get(w);
        action.on(lattice.fill(word, 0, word.length), frequencies[w], sums);
      }
      shares[share] = sums;
    };
    try (ExecutorService threads = Executors.newFixedThreadPool(options.threads(), Thread.ofPlatform().daemon().factory())) {
      IntStream.range(0, SHARES).mapToObj(share -> threads.submit(() -> sum.accept(share))).toList()
          .forEach(UnigramLearner::await);
    }
    double[] total = shares[0];
    for (int share = 1; share < SHARES; share++) {
      for (int i = 0; i < total.length; i++) {
        total[i] += shares[share][i];
      }
    }
    return total;
  }

  private static void await(Future<?> share) {
    try {
      share.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TokenizerException("tokenizer training: interrupted while learning", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  private double[] expected() {
    return sums((lattice, frequency, sums) -> lattice.expect(frequency, sums));
  }

  /** Scores from expected counts, with a Dirichlet prior that favours few pieces; those hardly ever expected go. */
  private void maximise(double[] expected) {
    List<Integer> kept = new ArrayList<>();
    double sum = 0;
    for (int id = 1; id < expected.length; id++) {
      if (!(expected[id] < LEAST_EXPECTED)) {
        kept.add(id);
        sum += expected[id];
      }
    }
    List<Piece> next = new ArrayList<>(kept.size() + 1);
    next.add(pieces.get(UNKNOWN));
    for (int id : kept) {
      next.add(new Piece(pieces.get(id).text(), digamma(expected[id]) - digamma(sum)));
    }
    set(next);
  }

  /** Removes pieces that their best other way replaces at the least loss of likelihood. */
  private void prune() {
    double[] counts = sums((lattice, frequency, sums) -> lattice.best(id -> sums[id] += frequency));
    double sum = Arrays.stream(counts).reduce(0, Double::sum);
    double words = 0;
    for (long frequency : frequencies) {
      words += frequency;
    }
    record Candidate(int id, double loss) {}
    List<Candidate> candidates = new ArrayList<>();
    List<Piece> next = new ArrayList<>();
    next.add(pieces.get(UNKNOWN));
    UnigramLattice lattice = new UnigramLattice(trie, scores, UNKNOWN);
    List<Integer> others = new ArrayList<>();
    for (int id = 1; id < pieces.size(); id++) {
      char[] text = pieces.get(id).text().toCharArray();
      others.clear();
      double other = lattice.fill(text, 0, text.length).bestOfSeveral(others::add);
      boolean kept = !(other > scores[id]); // else it is never the best way of its own text
      if (counts[id] == 0 && !kept) {
        continue;
      }
      if (!kept || others.isEmpty()) {
        next.add(pieces.get(id));
      } else if (counts[id] > 0) {
        // As the reference has it: the sum grows by the number of all pieces, not by that of this one's others.
        double logSum = Math.log(sum + counts[id] * (pieces.size() - 1));
        double logOthers = 0;
        for (int one : others) {
          logOthers += Math.log(counts[one] + counts[id]) - logSum;
        }
        candidates.add(new Candidate(id, counts[id] / words * (Math.log(counts[id]) - Math.log(sum) - logOthers)));
      }
    }
    int size = Math.max(nearlyWanted, (int) (pieces.size() * KEPT));
    candidates.stream().sorted(Comparator.comparingDouble(Candidate::loss).reversed()).limit(Math.max(0, size - next.size()))
        .forEach(candidate -> next.add(pieces.get(candidate.id())));
    set(next);
  }

  private List<Piece> finish(SortedSet<Integer> required) {
    Map<String, Double> known = new HashMap<>();
    double least = Double.POSITIVE_INFINITY;
    for (Piece piece : pieces.subList(1, pieces.size())) {
      known.put(piece.text(), piece.score());
      least = Math.min(least, piece.score());
    }
    List<Piece> chosen = new ArrayList<>();
    Set<String> taken = new HashSet<>(options.specialTokens());
    int penalties = 0;
    for (int character : required) {
      String text = Character.toString(character);
      Double score = known.get(text);
      if (taken.add(text)) {
        chosen.add(new Piece(text, score != null ? score : least + PENALTY * penalties++));
      }
    }
    for (Piece piece : pieces.subList(1, pieces.size())) {
      if (chosen.size() < wanted - options.specialTokens().size() && taken.add(piece.text())) {
        chosen.add(piece);
      }
    }
    List<Piece> all = new ArrayList<>();
    options.specialTokens().forEach(token -> all.add(new Piece(token, 0)));
    chosen.stream().sorted(Comparator.comparingDouble(Piece::score).reversed()).forEach(all::add);
    return all;
  }

  /** The logarithmic derivative of the gamma function, by its asymptotic series after steps of psi(x) = psi(x + 1) - 1 / x. */
  static double digamma(double x) {
    double result = 0;
    for (; x < 7; x++) {
      result -= 1 / x;
    }
    double middle = x - 0.5;
    double inverse = 1 / (middle * middle);
    return result + Math.log(middle)
        + inverse * (1.0 / 24 + inverse * (-7.0 / 960 + inverse * (31.0 / 8064 - inverse * (127.0 / 30720))));
  }
}
