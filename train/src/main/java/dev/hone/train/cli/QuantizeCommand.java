package dev.hone.train.cli;

import dev.hone.core.DType;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.load.ModelLoader;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.run.OutputDirectory;
import dev.hone.train.run.QuantFlags;
import dev.hone.train.source.ModelArgument;
import dev.hone.train.task.Tuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Writes a quantised copy of a model. */
final class QuantizeCommand implements Command {
  @Override
  public String name() {
    return "quantize";
  }

  @Override
  public String summary() {
    return "write a copy of a model in 4 or 8 bits, in the layout of bitsandbytes";
  }

  @Override
  public String usage() {
    return "--model DIR --output-dir DIR [--quant-type nf4|int8]";
  }

  @Override
  public List<Flag> flags() {
    return List.of(
        Flag.of("model", "DIR|org/name|maven:G:A:V", null, "the model"),
        Flag.of("output-dir", "DIR", null, "where the copy goes"),
        Flag.of("quant-type", "nf4|int8", "nf4", "4 bits with double quantisation, or 8 bits with a scale for each row"),
        Flag.toggle("overwrite", "replace what is in the output directory"));
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    Path output = Path.of(arguments.required("output-dir"));
    OutputDirectory.check(output, arguments.on("overwrite"));
    DType type = QuantFlags.type(arguments.text("quant-type"));
    if (type == DType.Q8_0) {
      throw new UserError("--quant-type q8_0 has no layout in model directories; it is made on load, by --load-in-8bit. "
          + "Copies are nf4 or int8");
    }
    Path base = ModelArgument.resolve(arguments.required("model"), console);
    PretrainedModel model = new ModelLoader(base).quantize(type).load();
    model.save(output, null);
    Tuning.copyTokenizer(base, output);
    console.note(QuantFlags.describe(model) + "; written to " + output);
    return 0;
  }
}
