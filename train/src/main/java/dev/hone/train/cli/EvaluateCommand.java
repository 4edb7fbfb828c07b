package dev.hone.train.cli;

import dev.hone.lora.AdapterFiles;
import dev.hone.nn.Labels;
import dev.hone.nn.Task;
import dev.hone.nn.load.ModelLoader;
import dev.hone.train.TextClassifier;
import dev.hone.train.TextGenerator;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Measures a classifier or a language model. */
final class EvaluateCommand implements Command {
  @Override
  public String name() {
    return "evaluate";
  }

  @Override
  public String summary() {
    return "measure a classifier on labelled rows, or a language model on texts";
  }

  @Override
  public String usage() {
    return "--model DIR [--adapter DIR] --data FILE [--json]";
  }

  @Override
  public List<Flag> flags() {
    List<Flag> flags = new ArrayList<>(List.of(
        Flag.of("model", "DIR|maven:G:A:V", null, "the base model, or a fully tuned one"),
        Flag.of("adapter", "DIR", null, "the adapter"),
        Flag.of("data", "FILE", null, "texts and labels; texts, completions or conversations; a .txt"),
        Flag.of("task", "classify|generate", null, "what the model does [what adapter or model say]"),
        Flag.of("max-length", "N", null, "language models: tokens that the model sees at once [512, or what it takes]"),
        Flag.of("stride", "N", null, "language models: distance of the windows over a .txt [half the length]"),
        Flag.toggle("train-on-prompt", "language models: count prompts and what users say, too"),
        Flag.toggle("json", "one JSON object instead of tables")));
    flags.addAll(TrainCommand.DATA);
    return flags;
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    Path model = ModelArgument.resolve(arguments.required("model"), console);
    if (task(arguments, model) == Task.CAUSAL_LM) {
      return language(arguments, model, console);
    }
    DataOptions options = new DataOptions(arguments.text("format"), arguments.text("columns"));
    Dataset<Example.Labelled> data = Dataset.labelled(Path.of(arguments.required("data")), options, true);
    TextClassifier classifier = TextClassifier.load(model, arguments.path("adapter"));
    if (classifier.model().labels().kind() != Labels.Kind.SINGLE_LABEL) {
      MeasuredEvaluation measured = MeasuredEvaluation.of(classifier, data);
      console.result(arguments.on("json") ? measured.json() : measured.text());
      return 0;
    }
    Evaluation evaluation = Evaluation.of(classifier, data);
    if (arguments.on("json")) {
      console.result(evaluation.json());
    } else {
      console.note(data.description());
      evaluation.print(console);
    }
    return 0;
  }

  private static int language(Arguments arguments, Path model, Console console) throws IOException {
    DataOptions options = new DataOptions(arguments.text("format"), arguments.text("columns"));
    Dataset<Example.Language> data = Dataset.language(Path.of(arguments.required("data")), options);
    TextGenerator generator = TextGenerator.load(model, arguments.path("adapter"));
    int window = arguments.has("max-length") ? arguments.integer("max-length") : generator.encoder().maxLength();
    generator = generator.withRows(window, arguments.on("train-on-prompt"));
    LanguageEvaluation evaluation = LanguageEvaluation.of(generator, data,
        arguments.has("stride") ? arguments.integer("stride") : Math.max(1, window / 2));
    if (arguments.on("json")) {
      console.result(evaluation.json());
    } else {
      console.note(data.description());
      evaluation.print(console);
    }
    return 0;
  }

  /** What the user says, else what the adapter was trained for, else what the model is made for. */
  private static Task task(Arguments arguments, Path model) {
    String said = arguments.text("task");
    if (said != null) {
      return switch (said) {
        case "classify" -> Task.SEQUENCE_CLASSIFICATION;
        case "generate" -> Task.CAUSAL_LM;
        default -> throw new UserError("--task must be classify or generate, is '" + said + "'");
      };
    }
    Task trained = arguments.has("adapter") ? AdapterFiles.task(arguments.path("adapter")) : null;
    return trained == null ? ModelLoader.taskOf(model) : trained;
  }
}
