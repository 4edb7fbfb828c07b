package dev.hone.train.cli;

import dev.hone.train.choose.Base;
import dev.hone.train.choose.Machine;
import dev.hone.train.choose.Suggestion;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.data.DataParts;
import dev.hone.train.inspect.DataInspector;
import dev.hone.train.inspect.InspectSettings;
import dev.hone.train.inspect.Inspection;
import dev.hone.train.source.ModelArgument;
import dev.hone.train.source.hub.CachedRepos;
import dev.hone.train.source.hub.Hub;
import dev.hone.train.task.TaskName;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Looks after the cache of models of a hub. */
final class ModelsCommand implements Command {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int SHORT = 8;

  @Override
  public String name() {
    return "models";
  }

  @Override
  public String summary() {
    return "list, fetch, remove or verify models of a hub, or suggest one";
  }

  @Override
  public String usage() {
    return "list|get|rm|verify [NAME[@REVISION]]... [--json] | suggest --task TASK [--data FILE]";
  }

  @Override
  public boolean takesWords() {
    return true;
  }

  @Override
  public List<Flag> flags() {
    return List.of(Flag.toggle("json", "list, suggest: one JSON array"),
        Flag.of("task", TaskName.all(), "classify", "suggest: what the model is to do"),
        Flag.of("data", "FILE|org/name", null, "suggest: rows to be trained on, for their language, number and length"));
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    List<String> words = new ArrayList<>(arguments.free());
    String verb = words.isEmpty() ? "list" : words.removeFirst();
    return switch (verb) {
      case "list" -> list(arguments.on("json"), console);
      case "get" -> get(named(verb, words), console);
      case "rm" -> remove(named(verb, words), console);
      case "verify" -> verify(words, console);
      case "suggest" -> suggest(arguments, console);
      default -> throw new UserError("hone models " + verb + ": no such thing; there are list, get, rm, verify and suggest");
    };
  }

  private static List<String> named(String verb, List<String> names) {
    if (names.isEmpty()) {
      throw new UserError("hone models " + verb + ": name a model, such as org/name");
    }
    return names;
  }

  private static int list(boolean json, Console console) throws IOException {
    CachedRepos cache = CachedRepos.ofUser();
    ArrayNode array = JSON.createArrayNode();
    long sum = 0;
    for (CachedRepos.Entry entry : cache.list()) {
      sum += entry.bytes();
      if (json) {
        ObjectNode node = array.addObject().put("name", entry.repo().name()).put("kind", entry.repo().kind().toString())
            .put("bytes", entry.bytes()).put("unfinished_bytes", entry.unfinished());
        ObjectNode commits = node.putObject("commits");
        entry.commits().forEach((commit, names) -> names.forEach(commits.putArray(commit)::add));
        continue;
      }
      List<String> commits = new ArrayList<>();
      for (Map.Entry<String, List<String>> commit : entry.commits().entrySet()) {
        commits.add(commit.getKey().substring(0, SHORT)
            + (commit.getValue().isEmpty() ? "" : " (" + String.join(", ", commit.getValue()) + ")"));
      }
      console.result(String.format("%-8s %-8s %s  %s%s", entry.repo().kind(), Hub.size(entry.bytes()), entry.repo().name(),
          String.join(", ", commits), entry.unfinished() == 0 ? "" : "  unfinished: " + Hub.size(entry.unfinished())));
    }
    if (json) {
      console.result(array.toString());
    } else {
      console.note(Hub.size(sum) + " in " + cache.root());
    }
    return 0;
  }

  private static int get(List<String> names, Console console) throws IOException {
    for (String name : names) {
      console.result(ModelArgument.resolve(name, console).toString());
    }
    return 0;
  }

  private static int remove(List<String> names, Console console) throws IOException {
    CachedRepos cache = CachedRepos.ofUser();
    for (String name : names) {
      console.note("removed " + name + ": " + Hub.size(cache.remove(name)));
    }
    return 0;
  }

  private static int verify(List<String> names, Console console) throws IOException {
    CachedRepos cache = CachedRepos.ofUser();
    List<CachedRepos.Entry> entries = cache.list().stream()
        .filter(entry -> names.isEmpty() || names.contains(entry.repo().name())).toList();
    for (String name : names) {
      if (entries.stream().noneMatch(entry -> entry.repo().name().equals(name))) {
        throw new UserError(name + ": not in the cache (" + cache.root() + "); hone models list shows what is");
      }
    }
    int wrong = 0;
    for (CachedRepos.Entry entry : entries) {
      List<String> faults = cache.verify(entry, line -> console.progress(line, false));
      console.progress("", false);
      faults.forEach(console::result);
      wrong += faults.size();
      if (faults.isEmpty()) {
        console.result(entry.repo().name() + ": right");
      } else {
        console.note("to have it fetched again: hone models rm " + entry.repo().name());
      }
    }
    return wrong == 0 ? 0 : 1;
  }

  private static int suggest(Arguments arguments, Console console) throws IOException {
    TaskName task = TaskName.named(arguments.text("task"));
    Inspection rows = null;
    if (arguments.has("data")) {
      DataParts data = DataParts.parse(arguments.text("data"));
      rows = DataInspector.inspect(InspectSettings.of(data.files().keySet().iterator().next()));
    }
    Suggestion suggestion = Suggestion.of(task, rows, Machine.measured(), Runtime.getRuntime().maxMemory());
    if (arguments.on("json")) {
      console.result(json(suggestion).toString());
      return 0;
    }
    if (rows != null) {
      console.note(String.format(Locale.ROOT, "%,d rows, about %,d tokens%s", rows.training(), suggestion.tokens(),
          suggestion.languages().isEmpty() ? "" : ", " + String.join(" and ", suggestion.languages())));
    }
    if (suggestion.lines().isEmpty()) {
      throw new UserError("no base that is known does --task " + task.word() + " in "
          + String.join(" and ", suggestion.languages())
          + "; docs/choosing.md says how to look for one");
    }
    console.result(String.format("  %-48s %8s %8s %9s  %s", "base", "numbers", "memory", "tokens/s", "licence, languages"));
    for (Suggestion.Line line : suggestion.lines()) {
      Base base = line.base();
      console.result(String.format(Locale.ROOT, "%s %-48s %7.0fM %8s %,9.0f  %s, %s%s", line.chosen() ? "*" : " ", base.name(),
          base.parameters() / 1e6, Hub.size(line.memory()), line.tokensPerSecond(), base.licence()
          + (base.accept() ? " (accept it first)" : ""),
          String.join(" ", base.languages()), line.fits() ? "" : "; too large for this heap"));
    }
    console.note(String.format(Locale.ROOT,
        "memory: LoRA of rank 16, batches of %,d tokens; the heap is %s (HONE_JAVA_OPTS=-Xmx8g for another). "
        + "tokens/s: from a product of matrices measured now", suggestion.batch(), Hub.size(Runtime.getRuntime().maxMemory())));
    suggestion.lines().stream().filter(Suggestion.Line::chosen).findFirst().ifPresent(line ->
        console.note("* to start with: --model " + line.base().name() + ": " + line.base().why()));
    return 0;
  }

  private static ArrayNode json(Suggestion suggestion) {
    ArrayNode array = JSON.createArrayNode();
    for (Suggestion.Line line : suggestion.lines()) {
      Base base = line.base();
      ObjectNode node = array.addObject().put("name", base.name()).put("parameters", base.parameters())
          .put("licence", base.licence())
          .put("accept_licence", base.accept()).put("memory_bytes", line.memory())
          .put("tokens_per_second", Math.round(line.tokensPerSecond())).put("fits", line.fits()).put("chosen", line.chosen());
      base.languages().forEach(node.putArray("languages")::add);
    }
    return array;
  }
}
