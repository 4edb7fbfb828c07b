package dev.hone.train.cli;

import dev.hone.nn.PretrainedModel;
import dev.hone.nn.load.ModelLoader;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.run.OutputDirectory;
import dev.hone.train.run.VocabularyFlags;
import dev.hone.train.source.ModelArgument;
import dev.hone.train.task.Tuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Writes a copy of a model whose vocabulary has more tokens. */
final class ResizeCommand implements Command {
  @Override
  public String name() {
    return "resize";
  }

  @Override
  public String summary() {
    return "write a copy of a model whose vocabulary has more tokens";
  }

  @Override
  public String usage() {
    return "--model DIR --add-tokens A,B|FILE --output-dir DIR [--pad-to-multiple-of N] [--seed N]";
  }

  @Override
  public List<Flag> flags() {
    List<Flag> flags = new ArrayList<>(List.of(
        Flag.of("model", "DIR|org/name|maven:G:A:V", null, "the model"),
        Flag.of("output-dir", "DIR", null, "where the copy goes")));
    flags.addAll(VocabularyFlags.ALL);
    flags.addAll(List.of(
        Flag.of("pad-to-multiple-of", "N", "1", "make the number of rows a multiple of this"),
        Flag.of("seed", "N", "42", "new rows are drawn with it, close around the mean of the others"),
        Flag.toggle("overwrite", "replace what is in the output directory")));
    return flags;
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    Path output = Path.of(arguments.required("output-dir"));
    OutputDirectory.check(output, arguments.on("overwrite"));
    int multiple = arguments.integer("pad-to-multiple-of");
    if (!VocabularyFlags.adds(arguments) && multiple == 1) {
      throw new UserError("hone resize: nothing to do: --add-tokens names the tokens to add");
    }
    if (multiple < 1) {
      throw new UserError("--pad-to-multiple-of must be at least 1, is " + multiple);
    }
    Path base = ModelArgument.resolve(arguments.required("model"), console);
    Tokenizer before = Tokenizer.load(base);
    Tokenizer tokenizer = VocabularyFlags.extended(before, arguments);
    int rows = Math.ceilDiv(VocabularyFlags.rows(base, tokenizer), multiple) * multiple;
    int old = ModelLoader.configOf(base.resolve("config.json")).vocabSize();
    PretrainedModel model = new ModelLoader(base).vocabulary(rows).seed(arguments.whole("seed")).load();
    model.save(output, null);
    Tuning.copyTokenizer(base, output);
    tokenizer.save(output.resolve("tokenizer.json"));
    List<String> added = IntStream.range(before.idBound(), tokenizer.idBound()).mapToObj(id -> tokenizer.token(id) + " " + id)
        .toList();
    console.note("tokens added: " + (added.isEmpty() ? "none, the tokenizer has them all" : String.join(", ", added)) + "; rows: "
        + old + (rows == old ? ", enough for them" : " -> " + rows) + "; written to " + output);
    return 0;
  }
}
