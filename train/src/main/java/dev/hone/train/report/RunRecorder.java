package dev.hone.train.report;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.parallel.Workers;
import dev.hone.nn.Labels;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.Trainer;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.evaluation.Evaluation;
import dev.hone.train.evaluation.Figure;
import dev.hone.train.evaluation.PredictionsFile;
import dev.hone.train.task.TaskName;
import dev.hone.train.task.Tuning;
import dev.hone.train.task.classify.ClassifierTuning;
import dev.hone.train.task.embed.EmbeddingEvaluation;
import dev.hone.train.task.embed.EmbeddingTuning;
import dev.hone.train.task.fewshot.FewShotTuning;
import dev.hone.train.task.generate.LanguageTuning;
import dev.hone.train.task.distil.DistilTuning;
import dev.hone.train.task.prefer.PreferenceTuning;
import dev.hone.train.task.rerank.RerankTuning;
import dev.hone.train.task.tag.TagTuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Measures and describes a run, for people and for comparisons, with a few answers from before training beside those from
 * after it: at the end it writes {@code predictions.jsonl}, {@code run.json}, {@code report.html} and the model card
 * {@code README.md}.
 *
 * {@snippet :
 * RunRecorder recorder = RunRecorder.of(tuning, reviews, test, new RunRecorder.About("minilm", "lora",
 *     List.of(RunFacts.DataFile.of("training", reviewsFile)), "test"));
 * recorder.before();
 * Trainer.Result result = tuning.train(reviews, heldOut, config);
 * tuning.save(out.resolve("adapter"));
 * recorder.finish(out, result, tuning.encode(reviews));
 * }
 *
 * <p>The time is bounded: at most 2,000 rows of a classifier and 500 of a language model (200,000 characters of a long text)
 * are measured; 8 rows are answered before and after, or 3 texts of 40 tokens written.
 */
public final class RunRecorder {
  private static final long MAX_REMEMBERED = 4_000_000; // 16 MB

  /**
   * What cannot be told from the model and the rows.
   *
   * @param baseModel the model as it was named
   * @param method what is trained, such as {@code lora}
   * @param files that rows came from
   * @param measuredOn what the rows are that are measured: {@code test}, {@code held-out}, or empty for none
   * @param sliceBy further columns of those rows, read with them, by which figures are grouped
   */
  public record About(String baseModel, String method, List<RunFacts.DataFile> files, String measuredOn, List<String> sliceBy) {
    /** Groups by nothing. */
    public About(String baseModel, String method, List<RunFacts.DataFile> files, String measuredOn) {
      this(baseModel, method, files, measuredOn, List.of());
    }
  }

  private final TaskName task;
  private final Tuning<?> tuning;
  private final Measured measured;
  private final int rowsThere;
  private final About about;
  private final Map<String, String> remarks = new LinkedHashMap<>();
  private List<Measured.Answer> before = List.of();
  private EmbeddingEvaluation vectorsBefore; // null of all but embedding models
  private String standingBefore; // null of most
  private List<Tensor> valuesBefore = List.of(); // of the parameters, until the answers are asked for

  private RunRecorder(TaskName task, Tuning<?> tuning, Measured measured, int rowsThere, About about) {
    this.task = task;
    this.tuning = tuning;
    this.measured = measured;
    this.rowsThere = rowsThere;
    this.about = about;
  }

  /**
   * Records a classifier's run.
   *
   * @param training rows that are learnt from
   * @param rows to measure on, or null
   */
  public static RunRecorder of(ClassifierTuning tuning, Dataset<Example.Labelled> training, Dataset<Example.Labelled> rows,
      About about) {
    return new RunRecorder(TaskName.CLASSIFY, tuning, new Measured.OfClassifier(tuning, rows == null ? training : rows, rows),
        rows == null ? 0 : rows.size(), about);
  }

  /**
   * Records a language model's run.
   *
   * @param training rows that are learnt from
   * @param rows to measure on, or null
   */
  public static RunRecorder of(LanguageTuning tuning, Dataset<Example.Language> training, Dataset<Example.Language> rows,
      About about) {
    return new RunRecorder(TaskName.GENERATE, tuning,
        new Measured.OfLanguage(tuning.generator(), rows == null ? training : rows, rows),
        rows == null ? 0 : rows.size(), about);
  }

  /**
   * Records a run in which a small model learns from a large one.
   *
   * @param training rows that are learnt from
   * @param rows to measure on, or null
   */
  public static RunRecorder of(DistilTuning tuning, Dataset<Example.Language> training, Dataset<Example.Language> rows,
      About about) {
    return new RunRecorder(TaskName.DISTIL, tuning, new Measured.OfLanguage(tuning.generator(), rows == null ? training : rows,
        rows), rows == null ? 0 : rows.size(), about);
  }

  /**
   * Records a tagger's run.
   *
   * @param training rows that are learnt from
   * @param rows to measure on, or null
   */
  public static RunRecorder of(TagTuning tuning, Dataset<Example.Tagged> training, Dataset<Example.Tagged> rows, About about) {
    return new RunRecorder(TaskName.TAG, tuning, new Measured.OfTags(tuning, rows == null ? training : rows, rows),
        rows == null ? 0 : rows.size(), about);
  }

  /**
   * Records a run that learns preferences.
   *
   * @param training rows that are learnt from
   * @param rows to measure on, or null
   */
  public static RunRecorder of(PreferenceTuning tuning, Dataset<Example.Judged> training, Dataset<Example.Judged> rows,
      About about) {
    return new RunRecorder(TaskName.PREFER, tuning, new Measured.OfPreferences(tuning, rows == null ? training : rows, rows),
        rows == null ? 0 : rows.size(), about);
  }

  /**
   * Records an embedding model's run.
   *
   * @param training rows that are learnt from
   * @param rows to measure on, or null
   */
  public static RunRecorder of(EmbeddingTuning tuning, Dataset<Example.Related> training, Dataset<Example.Related> rows,
      About about) {
    return new RunRecorder(TaskName.EMBED, tuning, new MeasuredEmbedder(tuning, rows == null ? training : rows, rows),
        rows == null ? 0 : rows.size(), about);
  }

  /**
   * Records a reranker's run.
   *
   * @param training rows that are learnt from
   * @param rows to measure on, or null
   */
  public static RunRecorder of(RerankTuning tuning, Dataset<Example.Related> training, Dataset<Example.Related> rows,
      About about) {
    return new RunRecorder(TaskName.RERANK, tuning, new MeasuredReranker(tuning, rows == null ? training : rows, rows),
        rows == null ? 0 : rows.size(), about);
  }

  /**
   * Records a few-shot classifier's run.
   *
   * @param training rows that are learnt from
   * @param rows to measure on, or null
   */
  public static RunRecorder of(FewShotTuning tuning, Dataset<Example.Labelled> training, Dataset<Example.Labelled> rows,
      About about) {
    return new RunRecorder(TaskName.CLASSIFY, tuning.body(), new MeasuredFewShot(tuning, training, rows),
        rows == null ? 0 : rows.size(), about);
  }

  /**
   * Notes what the model answers as it is now. Where few numbers are trained, these are remembered and the answers asked for at
   * the end, so that training begins at once.
   */
  public void before() {
    if (numbers(tuning.parameters()) > MAX_REMEMBERED) {
      before = measured.answers();
      vectorsBefore = measured.vectors();
      standingBefore = measured.standing();
    } else {
      valuesBefore = tuning.parameters().stream().map(parameter -> parameter.value().copy().keep()).toList();
    }
  }

  /** The answers that are owed: the parameters are what they were, and then again what they are now. */
  private void answerAsBefore() {
    if (valuesBefore.isEmpty()) {
      return;
    }
    exchangeValues();
    try {
      before = measured.answers();
      vectorsBefore = measured.vectors();
      standingBefore = measured.standing();
    } finally {
      exchangeValues();
      valuesBefore = List.of();
    }
  }

  private void exchangeValues() {
    Iterator<Tensor> others = valuesBefore.iterator();
    for (Parameter parameter : tuning.parameters()) {
      Tensor other = others.next();
      Tensor now = parameter.value().copy();
      parameter.value().copyFrom(other);
      other.copyFrom(now);
    }
  }

  /** Adds something worth knowing to the report. */
  public void remark(String name, String value) {
    remarks.put(name, value);
  }

  /**
   * Measures the tuned model and writes the files; a copy of the model card goes beside the weights.
   *
   * @param directory of the run, where its weights are and {@code metrics.jsonl} and {@code run.yaml} may be
   * @param result how training ended
   * @param training what was learnt from
   * @return what is wrong with the run, as the page says first: a line each
   */
  public List<String> finish(Path directory, Trainer.Result result, TrainingSet training) throws IOException {
    Files.createDirectories(directory);
    Evaluation evaluation = rowsThere == 0 ? null : measured.evaluate();
    Path predictions = directory.resolve(PredictionsFile.NAME);
    if (evaluation == null) {
      Files.deleteIfExists(predictions);
    } else {
      PredictionsFile.write(predictions, evaluation);
    }
    RunFacts facts = facts(result, training);
    facts.write(directory);
    Report report = new Report(Run.read(directory, facts, evaluation));
    report.write();
    return report.faults();
  }

  private RunFacts facts(Trainer.Result result, TrainingSet training) {
    PretrainedModel model = tuning.model();
    answerAsBefore();
    List<Measured.Answer> after = before.isEmpty() ? List.of() : measured.answers();
    List<RunFacts.Sample> samples = IntStream.range(0, after.size()).mapToObj(i -> new RunFacts.Sample(after.get(i).input(),
        after.get(i).wanted(), before.get(i).given(), after.get(i).given())).toList();
    compareVectors();
    if (standingBefore != null) {
      remarks.put("before training", standingBefore);
    }
    boolean classifier = model.labels() != null;
    return new RunFacts(task.word(), classifier ? model.labels().kind().problemType()
        : task == TaskName.CLASSIFY ? Labels.Kind.SINGLE_LABEL.problemType() : "",
        about.baseModel(), about.method(), tuning.adapter() == null ? "model" : "adapter",
        classifier ? model.labels().names() : measured.labels(), numbers(tuning.parameters()), numbers(model.parameters()
        .values()),
        about.files(), training.size(), IntStream.of(training.lengths()).asLongStream().sum(), result.steps(), result.bestStep(),
        Double.isNaN(result.bestLoss()) ? null : result.bestLoss(), result.stoppedEarly(), result.seconds(),
        rowsThere == 0 ? "" : about.measuredOn(), rowsThere, groups(), samples, remarks, environment(),
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
  }

  /** Remarks of figures of vectors before and after. */
  private void compareVectors() {
    EmbeddingEvaluation now = measured.vectors();
    if (now == null) {
      return;
    }
    remarks.put("measured", now.description());
    Map<String, Figure> change = vectorsBefore == null ? Map.of() : now.change(vectorsBefore);
    now.figures().forEach((name, figure) -> remarks.put(name, words(figure, "") + (change.isEmpty() ? ""
        : ", before training " + words(vectorsBefore.figures().get(name), "") + ", change " + words(change.get(name), "+"))));
  }

  private static String words(Figure figure, String sign) {
    return String.format(Locale.ROOT, "%1$" + sign + ".4f (%2$" + sign + ".4f to %3$" + sign + ".4f)", figure.value(),
        figure.low(),
        figure.high());
  }

  private Map<String, List<String>> groups() {
    Map<String, List<String>> groups = new LinkedHashMap<>();
    if (rowsThere > 0) {
      about.sliceBy().forEach(column -> groups.put(column, measured.column(column)));
    }
    return groups;
  }

  private static long numbers(Iterable<Parameter> parameters) {
    long sum = 0;
    for (Parameter parameter : parameters) {
      sum += parameter.shape().size();
    }
    return sum;
  }

  /** What may matter for the figures and their times, and says nothing about who computed. */
  private static Map<String, String> environment() {
    Map<String, String> environment = new LinkedHashMap<>();
    environment.put("java", Runtime.version() + ", " + System.getProperty("java.vm.name"));
    environment.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version") + ", "
        + System.getProperty("os.arch"));
    environment.put("device", "cpu, " + Workers.threads() + " of " + Runtime.getRuntime().availableProcessors() + " processors");
    environment.put("kernels", Kernels.active().name() + ": " + Kernels.active().reason());
    environment.put("heap", Runtime.getRuntime().maxMemory() / 1_000_000 + " MB at most");
    return environment;
  }
}
