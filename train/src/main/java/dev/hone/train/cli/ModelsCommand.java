package dev.hone.train.cli;

import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.source.ModelArgument;
import dev.hone.train.source.hub.CachedRepos;
import dev.hone.train.source.hub.Hub;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
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
    return "list, fetch, remove or verify the models of a hub that the cache has";
  }

  @Override
  public String usage() {
    return "list|get|rm|verify [NAME[@REVISION]]... [--json]";
  }

  @Override
  public List<Flag> flags() {
    return List.of(Flag.toggle("json", "list: one JSON array"));
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
      default -> throw new UserError("hone models " + verb + ": no such thing; there are list, get, rm and verify");
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
}
