package dev.hone.train.export;

import dev.hone.nn.generate.GenerationSettings;
import dev.hone.tokenizer.chat.ChatOptions;
import dev.hone.tokenizer.chat.ChatTemplate;
import dev.hone.tokenizer.chat.ChatTemplates;
import dev.hone.tokenizer.definition.TokenizerException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * What Ollama needs beside a GGUF file: the chat template in its own language, where to stop, how long a context is. Ollama does
 * not read the template in the file, it guesses one.
 *
 * <p>The parts around the texts of each role are found by rendering chats, and the template made of them is rendered again and
 * compared; one that is not made of such parts is left out, and a line says so.
 */
final class OllamaModelfile {
  private static final int CONTEXT = 8192; // longer ones take memory that many machines do not have
  private static final List<String> ROLES = List.of("system", "user", "assistant");

  private final ChatTemplates templates;
  private final ChatTemplate template; // null: none
  private final boolean bosAdded;
  private final List<String> stops;
  private final int context;

  /** What stands before and after a text of each role, before an answer, and before all where there is no system message. */
  record Parts(String start, Map<String, String> before, Map<String, String> after, String answer, String unsaid) {}

  /**
   * Reads what a directory says.
   *
   * @param directory with tokenizer and template
   * @param bosAdded whether llama.cpp puts the token of the begin before text
   * @param token the text of a token
   * @param length the most tokens that the model takes
   */
  OllamaModelfile(Path directory, boolean bosAdded, IntFunction<String> token, int length) throws IOException {
    templates = ChatTemplates.read(directory);
    template = templates.isEmpty() ? null : templates.choose(false);
    this.bosAdded = bosAdded;
    context = Math.min(length, CONTEXT);
    Set<String> ends = new LinkedHashSet<>();
    GenerationSettings.read(directory).endTokens().forEach(id -> ends.add(token.apply(id)));
    if (templates.specialTokens().get("eos_token") != null) {
      ends.add(templates.specialTokens().get("eos_token"));
    }
    stops = new ArrayList<>(ends);
  }

  /**
   * The file.
   *
   * @param model name of the GGUF file beside it
   * @param adapter name of a LoRA beside it, or null
   * @param warnings gets a line if the template cannot be said
   */
  String text(String model, String adapter, List<String> warnings) {
    StringBuilder out = new StringBuilder("FROM ./" + model + "\n");
    if (adapter != null) {
      out.append("ADAPTER ./").append(adapter).append('\n');
    }
    Parts parts = template == null ? null : parts();
    if (parts != null) {
      if (!parts.before.containsKey("system")) {
        warnings.add("the chat template has no place of its own for a system message: the Modelfile's TEMPLATE leaves it out");
      }
      out.append("TEMPLATE \"\"\"").append(go(parts)).append("\"\"\"\n");
      String after = parts.after.get("assistant").strip();
      if (!after.isEmpty() && stops.stream().noneMatch(after::startsWith)) {
        stops.add(after);
      }
    } else {
      warnings.add(template == null ? "there is no chat template: the Modelfile has no TEMPLATE, and Ollama hands on text as "
          + "it is"
          : "the chat template is not made of texts around each message: the Modelfile has no TEMPLATE, and Ollama will guess "
          + "one; write it by hand");
    }
    stops.forEach(stop -> out.append("PARAMETER stop ").append(quoted(stop)).append('\n'));
    return out.append("PARAMETER num_ctx ").append(context).append('\n').toString();
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
  }

  /** A chat of these roles whose texts are marks; null if the template refuses it. */
  private String rendered(boolean answer, String... roles) {
    List<Map<String, String>> messages = new ArrayList<>();
    for (int i = 0; i < roles.length; i++) {
      messages.add(Map.of("role", roles[i], "content", mark(i)));
    }
    try {
      return template.render(messages, ChatOptions.DEFAULT.withGenerationPrompt(answer).withVariables(templates.specialTokens()))
          .text();
    } catch (TokenizerException e) {
      return null;
    }
  }

  private static String mark(int i) {
    return "\u0001" + i + "\u0001";
  }

  /** What stands between the marks; null if they are not there in order, once each. */
  private static List<String> between(String text, int marks) {
    List<String> parts = new ArrayList<>();
    String rest = text;
    for (int i = 0; i < marks && rest != null; i++) {
      int at = rest.indexOf(mark(i));
      if (at < 0) {
        return null;
      }
      parts.add(rest.substring(0, at));
      rest = rest.substring(at + mark(i).length());
    }
    if (rest == null || rest.indexOf('\u0001') >= 0) {
      return null;
    }
    parts.add(rest);
    return parts;
  }

  private static String without(String text, String prefix) {
    return text != null && prefix != null && text.startsWith(prefix) ? text.substring(prefix.length()) : null;
  }

  private static String withoutEnd(String text, String suffix) {
    return text != null && suffix != null && text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : null;
  }

  /** The parts of which chats are made; null if some chat is made otherwise. */
  private Parts parts() {
    List<String> one = between(rendered(false, "user"), 1);
    List<String> two = between(rendered(false, "user", "assistant"), 2);
    List<String> three = between(rendered(true, "user", "assistant", "user"), 3);
    if (one == null || two == null || three == null) {
      return null;
    }
    String bos = templates.specialTokens().getOrDefault("bos_token", "");
    String afterUser = one.get(1);
    String beforeAnswer = without(two.get(1), afterUser);
    String afterAnswer = two.get(2);
    String beforeUser = without(three.get(2), afterAnswer);
    String answer = without(three.get(3), afterUser);
    String first = withoutEnd(one.get(0), beforeUser);
    if (beforeAnswer == null || beforeUser == null || answer == null || first == null) {
      return null;
    }
    String start = !bos.isEmpty() && first.startsWith(bos) ? bos : "";
    List<String> system = between(rendered(true, "system", "user"), 2);
    String beforeSystem = system == null ? null : without(system.get(0), start);
    String afterSystem = system == null ? null : withoutEnd(system.get(1), beforeUser);
    boolean says = beforeSystem != null && afterSystem != null;
    Parts parts = new Parts(start,
        says ? Map.of("system", beforeSystem, "user", beforeUser, "assistant", beforeAnswer)
            : Map.of("user", beforeUser, "assistant", beforeAnswer),
        says ? Map.of("system", afterSystem, "user", afterUser, "assistant", afterAnswer)
            : Map.of("user", afterUser, "assistant", afterAnswer),
        answer, first.substring(start.length()));
    for (String[] chat : List.of(new String[] {"user"}, new String[] {"user", "assistant", "user", "assistant", "user"},
        new String[] {"system", "user"}, new String[] {"system", "user", "assistant", "user"})) {
      if ((says || !chat[0].equals("system")) && !made(parts, chat).equals(rendered(true, chat))) {
        return null;
      }
    }
    return (made(parts) + go(parts)).contains("\"\"\"") ? null : parts;
  }

  /** A chat as the template in Ollama's language makes it. */
  private static String made(Parts parts, String... roles) {
    StringBuilder out = new StringBuilder(parts.start);
    if (roles.length == 0 || !roles[0].equals("system")) {
      out.append(parts.unsaid);
    }
    for (int i = 0; i < roles.length; i++) {
      out.append(parts.before.get(roles[i])).append(mark(i)).append(parts.after.get(roles[i]));
    }
    return out.append(parts.answer).toString();
  }

  /** The template in the language of Go. The token of the begin is left to llama.cpp where that adds it. */
  private String go(Parts parts) {
    StringBuilder out = new StringBuilder(bosAdded ? "" : literal(parts.start));
    if (!parts.unsaid.isEmpty()) {
      out.append("{{ if not .System }}").append(literal(parts.unsaid)).append("{{ end }}");
    }
    out.append("{{ range .Messages }}");
    String word = "if";
    for (String role : ROLES) {
      if (parts.before.containsKey(role)) {
        out.append("{{ ").append(word).append(" eq .Role \"").append(role).append("\" }}")
            .append(literal(parts.before.get(role))).append("{{ .Content }}").append(literal(parts.after.get(role)));
        word = "else if";
      }
    }
    return out.append("{{ end }}{{ end }}").append(literal(parts.answer)).toString();
  }

  private static String literal(String text) {
    return text.replace("{{", "{{ \"{{\" }}");
  }
}
