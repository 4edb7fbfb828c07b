package dev.hone.train.cli;

import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.infer.TextTagger;
import dev.hone.train.run.QuantFlags;
import dev.hone.train.run.TrainFlags;
import dev.hone.train.source.ModelArgument;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import java.util.function.ObjIntConsumer;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Finds spans in texts. */
final class TagCommand implements Command {
  private static final int CHUNK = 256; // texts that are answered at a time
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @Override
  public String name() {
    return "tag";
  }

  @Override
  public String summary() {
    return "find names and other spans in texts with a tuned tagger";
  }

  @Override
  public String usage() {
    return "--model DIR [--adapter DIR] \"text\"... | --data FILE [--json]   or lines piped in";
  }

  @Override
  public boolean takesWords() {
    return true;
  }

  @Override
  public List<Flag> flags() {
    List<Flag> flags = new ArrayList<>(List.of(
        Flag.of("model", "DIR|org/name|maven:G:A:V", null, "the base model, or a fully tuned one"),
        Flag.of("adapter", "DIR", null, "the adapter"),
        Flag.of("data", "FILE", null, "texts to read"),
        TextRows.KEEP,
        Flag.toggle("json", "one JSON object per text, with its spans")));
    flags.addAll(TrainFlags.DATA);
    flags.addAll(QuantFlags.ALL);
    return flags;
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    if (!arguments.free().isEmpty() && arguments.has("data")) {
      throw new UserError("hone tag: give texts or --data, not both");
    }
    TextRows<Example.Text> rows = arguments.has("data")
        ? TextRows.of(arguments, options -> Dataset.texts(TextRows.file(arguments), options)) : null;
    List<String> texts = rows != null ? rows.data().map(Example.Text::text) : !arguments.free().isEmpty() ? arguments.free()
        : console.in() == null ? List.of() : console.lines().lines().filter(line -> !line.isBlank()).toList();
    if (texts.isEmpty()) {
      throw new UserError("hone tag: nothing to read; give texts, --data FILE, or pipe lines in");
    }
    TextTagger tagger = TextTagger.load(ModelArgument.resolve(arguments.required("model"), console::note),
        ModelArgument.adapter(arguments.text("adapter"), console::note), QuantFlags.of(arguments));
    for (int from = 0; from < texts.size(); from += CHUNK) {
      int first = from;
      List<String> some = texts.subList(from, Math.min(texts.size(), from + CHUNK));
      show(some, tagger.tag(some), arguments.on("json"), console, (node, i) -> {
        if (rows != null) {
          rows.put(node, first + i);
        }
      }, i -> rows == null ? "" : rows.cells(first + i));
    }
    return 0;
  }

  private static void show(List<String> texts, List<List<TextTagger.Entity>> found, boolean json, Console console,
      ObjIntConsumer<ObjectNode> head, IntFunction<String> cells) {
    for (int i = 0; i < texts.size(); i++) {
      String text = texts.get(i);
      if (json) {
        ObjectNode line = JSON.createObjectNode();
        head.accept(line, i);
        line.put("text", text);
        ArrayNode spans = line.putArray("spans");
        for (TextTagger.Entity entity : found.get(i)) { // characters as Python counts them, and as rows with spans have them
          spans.addObject().put("start", text.codePointCount(0, entity.start())).put("end", text.codePointCount(0, entity.end()))
              .put("label", entity.type()).put("text", entity.text()).put("probability", entity.probability());
        }
        console.result(JSON.writeValueAsString(line));
        continue;
      }
      for (TextTagger.Entity entity : found.get(i)) {
        console.result(String.format(Locale.ROOT, "%s%s\t%.4f\t%d\t%d\t%s", cells.apply(i), entity.type(), entity.probability(),
            text.codePointCount(0, entity.start()), text.codePointCount(0, entity.end()), TextRows.oneLine(entity.text())));
      }
      if (found.get(i).isEmpty()) {
        console.result(cells.apply(i) + "-\t\t\t\t" + TextRows.oneLine(text));
      }
    }
  }
}
