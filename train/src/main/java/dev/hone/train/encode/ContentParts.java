package dev.hone.train.encode;

import dev.hone.tokenizer.chat.ChatOptions;
import dev.hone.tokenizer.chat.ChatTemplate;
import dev.hone.tokenizer.chat.ChatTemplateException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Contents that are lists of parts, for templates that take them and for those that take texts alone.
 *
 * <p>Implementation note: a template that prints a content as it is would print a list in the spelling of Python. Which kind it
 * is shows when it renders the same conversation with other words in its parts.
 */
final class ContentParts {
  private static final String CONTENT = "content";
  private static final String MARK = "~part~";
  /** How the name of a part's kind is spelled by what prints a list as it is. */
  private static final List<String> SPELLED = List.of("'type'", "\"type\"", "\\\"type\\\"");

  private ContentParts() {}

  /** The messages as the template takes them: the same, unless there are lists and it takes texts; then parts become lines. */
  static List<Map<String, Object>> fitted(List<Map<String, Object>> messages, ChatTemplate template, ChatOptions options) {
    if (messages.stream().noneMatch(message -> message.get(CONTENT) instanceof List<?>) || takes(messages, template, options)) {
      return messages;
    }
    return with(messages, list -> {
      List<String> texts = new ArrayList<>();
      for (Object part : list) {
        texts.add(text(part));
      }
      return String.join("\n", texts);
    });
  }

  private static boolean takes(List<Map<String, Object>> messages, ChatTemplate template, ChatOptions options) {
    List<Map<String, Object>> marked = with(messages, list -> {
      List<Object> parts = new ArrayList<>();
      list.forEach(_ -> parts.add(Map.of("type", "text", "text", MARK)));
      return parts;
    });
    try {
      String rendered = template.render(marked, options).text();
      return rendered.contains(MARK) && SPELLED.stream().noneMatch(rendered::contains);
    } catch (ChatTemplateException _) {
      return false;
    }
  }

  private interface Change {
    Object of(List<?> parts);
  }

  private static List<Map<String, Object>> with(List<Map<String, Object>> messages, Change change) {
    List<Map<String, Object>> changed = new ArrayList<>();
    for (Map<String, Object> message : messages) {
      Map<String, Object> copy = new LinkedHashMap<>(message);
      copy.computeIfPresent(CONTENT, (_, content) -> content instanceof List<?> parts ? change.of(parts) : content);
      changed.add(copy);
    }
    return changed;
  }

  private static String text(Object part) {
    if (part instanceof String text) {
      return text;
    }
    if (part instanceof Map<?, ?> map && map.get("text") instanceof String text) {
      return text;
    }
    throw new IllegalArgumentException("a content holds a part that is no text, " + part
        + "; a part is {\"type\": \"text\", \"text\": \"...\"}");
  }
}
