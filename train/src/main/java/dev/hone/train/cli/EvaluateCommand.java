package dev.hone.train.cli;

import dev.hone.train.TextClassifier;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Measures a tuned classifier. */
final class EvaluateCommand implements Command {
  @Override
  public String name() {
    return "evaluate";
  }

  @Override
  public String summary() {
    return "measure a tuned classifier on labelled rows";
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
        Flag.of("data", "FILE", null, "texts and labels"),
        Flag.toggle("json", "one JSON object instead of tables")));
    flags.addAll(TrainCommand.DATA);
    return flags;
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    DataOptions options = new DataOptions(arguments.text("format"), arguments.text("columns"));
    Dataset<Example.Labelled> data = Dataset.labelled(Path.of(arguments.required("data")), options);
    TextClassifier classifier = TextClassifier.load(ModelArgument.resolve(arguments.required("model"), console),
        arguments.path("adapter"));
    Evaluation evaluation = Evaluation.of(classifier, data);
    if (arguments.on("json")) {
      console.result(evaluation.json());
    } else {
      console.note(data.description());
      evaluation.print(console);
    }
    return 0;
  }
}
