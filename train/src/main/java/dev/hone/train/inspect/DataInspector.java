package dev.hone.train.inspect;

import dev.hone.nn.Labels;
import dev.hone.train.data.DataException;
import dev.hone.train.data.SourceRows;
import dev.hone.train.encode.LanguageEncoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Looks at data before training: reads files as training does, and says what will be trained and what is wrong with the rows.
 *
 * {@snippet :
 * Inspection found = DataInspector.inspect(InspectSettings.of(Path.of("reviews.csv")).withModel(Path.of("minilm")));
 * found.findings().forEach(finding -> System.out.println(finding.verdict()));
 * found.clean(Path.of("reviews-clean.csv"), EnumSet.of(Check.DUPLICATES), false);
 * }
 *
 * <p>The result depends on the files alone: nothing is drawn at random, and the number of threads makes no difference.
 */
public final class DataInspector {
  private static final int SAMPLES = 3;

  private final Map<Check, BitSet> rows = new EnumMap<>(Check.class);
  private final Map<Check, Finding> findings = new EnumMap<>(Check.class);

  private DataInspector() {}

  /**
   * Inspects.
   *
   * @throws IOException if the model's files cannot be read
   * @throws DataException for what is wrong with a file as a whole; what is wrong with rows is found, not thrown
   */
  public static Inspection inspect(InspectSettings settings) throws IOException {
    return new DataInspector().run(settings);
  }

  private Inspection run(InspectSettings settings) throws IOException {
    Corpus corpus = read(settings);
    InspectSettings.Task task = settings.task() != InspectSettings.Task.DETECT ? settings.task()
        : corpus.isLabelled() ? InspectSettings.Task.CLASSIFY : InspectSettings.Task.GENERATE;
    TokenView view = view(settings, corpus.isLabelled());
    Scan scan = new Scan(corpus, view);
    TextChecks texts = new TextChecks(corpus, scan, view, this::add);
    texts.readable();
    RowLabels names = new RowLabels(corpus, settings.labels());
    new CopyChecks(corpus, scan, settings.likeness(), names, this::add).run(task);
    List<Share> labels = corpus.isLabelled() ? new LabelChecks(corpus, scan, names, this::add).run() : List.of();
    List<String> columns = corpus.parts().getFirst().unrecognised();
    if (settings.task() == InspectSettings.Task.DETECT && !columns.isEmpty()) {
      add(new Finding(Check.LABELS, Finding.Level.WARNING, "no label is recognised (columns found: " + String.join(", ", columns)
          + "): the rows are read as texts to learn, as hone train reads them with --task generate; to classify say label=NAME "
          + "in "
          + "the columns", 0, List.of()), new Rows(corpus));
    }
    texts.looks();
    List<List<Share>> tongues = texts.tongues();
    texts.persons();
    TokenChecks tokens = new TokenChecks(task, corpus, scan, view, this::add);
    tokens.templates();
    tokens.begin();
    tokens.lengths();
    TokenizerFit fit = tokens.fit();
    return new Inspection(task, corpus, rows, List.copyOf(findings.values()),
        view == null || view.begin() < 0 ? null : view.tokenizer().token(view.begin()), lengths(corpus, scan, view),
        view == null ? 0 : view.maxLength(), labels, tongues.get(0), tongues.get(1), fit, samples(corpus, scan, view),
        row -> scan.isUsable(row) ? Optional.of(Sample.of(corpus, row, view)) : Optional.empty());
  }

  private void add(Finding finding, Rows found) {
    findings.put(finding.check(), finding);
    rows.put(finding.check(), found.all);
  }

  private static Corpus read(InspectSettings settings) {
    List<SourceRows> training = new ArrayList<>();
    List<SourceRows> heldOut = new ArrayList<>();
    Labels.Kind kind = switch (settings.labels()) {
      case ONE -> Labels.Kind.SINGLE_LABEL;
      case SEVERAL -> Labels.Kind.MULTI_LABEL;
      case NUMBERS -> Labels.Kind.REGRESSION;
    };
    for (Path file : settings.training()) {
      SourceRows rows = switch (settings.task()) {
        case DETECT -> training.isEmpty() ? SourceRows.detected(file, settings.data(), kind)
            : like(training.getFirst(), file, settings, kind);
        case CLASSIFY -> SourceRows.labelled(file, settings.data(), kind);
        case GENERATE -> SourceRows.language(file, settings.data());
        case EMBED -> SourceRows.related(file, settings.data());
        case RERANK -> queries(SourceRows.related(file, settings.data()));
        case TAG -> SourceRows.tagged(file, settings.data());
        case PREFER -> SourceRows.judged(file, settings.data());
      };
      training.add(rows);
    }
    for (Path file : settings.heldOut()) {
      heldOut.add(like(training.getFirst(), file, settings, kind));
    }
    return new Corpus(training, heldOut);
  }

  private static SourceRows like(SourceRows first, Path file, InspectSettings settings, Labels.Kind kind) {
    return switch (settings.task()) {
      case DETECT, CLASSIFY, GENERATE -> first.isLabelled() ? SourceRows.labelled(file, settings.data(), kind)
          : SourceRows.language(file, settings.data());
      case EMBED, RERANK -> SourceRows.related(file, settings.data());
      case TAG -> SourceRows.tagged(file, settings.data());
      case PREFER -> SourceRows.judged(file, settings.data());
    };
  }

  private static SourceRows queries(SourceRows rows) {
    if (rows.isLabelled()) {
      throw new DataException(rows.file().toString(), "a reranker learns from queries with documents, and these are texts with "
          + "labels");
    }
    return rows;
  }

  private static TokenView view(InspectSettings settings, boolean labelled) throws IOException {
    if (settings.config() == null) {
      return null;
    }
    Path config = settings.config();
    Path tokenizer = settings.tokenizer();
    int length = settings.maxLength();
    switch (settings.task()) {
      case EMBED -> {
        return TokenView.embedder(config, tokenizer, length, settings.embedding());
      }
      case RERANK -> {
        return TokenView.reranker(config, tokenizer, length);
      }
      case TAG -> {
        return TokenView.tagger(config, tokenizer, length);
      }
      default -> {
        if (labelled) {
          return TokenView.classifier(config, tokenizer, length);
        }
      }
    }
    LanguageEncoder usual = LanguageEncoder.read(settings.config(), settings.tokenizer());
    if (settings.template() != null) {
      usual = usual.withTemplate(settings.template());
    }
    LanguageEncoder encoder = usual.withRows(length == 0 ? usual.maxLength() : length, settings.withPrompts());
    return settings.task() == InspectSettings.Task.PREFER ? TokenView.preferences(encoder) : TokenView.language(encoder);
  }

  private static Histogram lengths(Corpus corpus, Scan scan, TokenView view) {
    int[] of = view == null ? scan.characters : scan.tokens;
    return Histogram.of(view == null ? "characters" : "tokens",
        IntStream.range(0, corpus.trained()).filter(scan::isUsable).map(row -> of[row]).toArray());
  }

  /** Rows of the beginning, the middle and the end of the training data. */
  private static List<Sample> samples(Corpus corpus, Scan scan, TokenView view) {
    List<Sample> samples = new ArrayList<>();
    int next = 0;
    for (int i = 0; i < SAMPLES; i++) {
      next = Math.max(next, (int) ((2L * i + 1) * corpus.trained() / (2 * SAMPLES)));
      while (next < corpus.trained() && !scan.isUsable(next)) {
        next++;
      }
      if (next < corpus.trained()) {
        samples.add(Sample.of(corpus, next++, view));
      }
    }
    return samples;
  }
}
