package dev.hone.train.cli;

import dev.hone.nn.Task;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.export.ExportOnnx;
import dev.hone.train.run.OutputDirectory;
import dev.hone.train.source.ModelArgument;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Writes a model in a format of other programs. */
final class ExportCommand implements Command {
  @Override
  public String name() {
    return "export";
  }

  @Override
  public String summary() {
    return "write a model, with an adapter merged, for other programs: onnx";
  }

  @Override
  public String usage() {
    return "onnx --model DIR [--adapter DIR] --output-dir DIR [--dtype float32|int8]";
  }

  @Override
  public List<Flag> flags() {
    return List.of(
        Flag.of("model", "DIR|maven:G:A:V", null, "the model"),
        Flag.of("adapter", "DIR", null, "an adapter, which is merged into the weights first"),
        Flag.of("output-dir", "DIR", null, "where the file and the tokenizer go"),
        Flag.of("dtype", "TYPE", "float32", "how matrices are stored: float32, or int8 with a scale a row"),
        Flag.toggle("overwrite", "replace what is in the output directory"));
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    if (!arguments.free().equals(List.of("onnx"))) {
      throw new UserError("hone export: say onnx" + (arguments.free().isEmpty() ? "" : ", not " + arguments.free()));
    }
    Path output = Path.of(arguments.required("output-dir"));
    OutputDirectory.check(output, arguments.on("overwrite"));
    String dtype = arguments.text("dtype");
    if (!dtype.equals("float32") && !dtype.equals("int8")) {
      throw new UserError("--dtype must be float32 or int8, is '" + dtype + "'");
    }
    Path base = ModelArgument.resolve(arguments.required("model"), console::note);
    Path adapter = arguments.has("adapter") ? Path.of(arguments.text("adapter")) : null;
    ExportOnnx.Result result = ExportOnnx.write(base, adapter, output, dtype.equals("int8"), Version.OF_HONE);
    console.note(String.format(Locale.ROOT, "%s: %s; read again and computed in 64 bits, its answers to random tokens "
        + "differ from the model's by at most %.1e of the largest", result.file(), result.task() == Task.EMBEDDING
        ? "last_hidden_state [batch, tokens, width], to be pooled by whoever loads it" : "logits [batch, labels]",
        result.difference()));
    return 0;
  }
}
