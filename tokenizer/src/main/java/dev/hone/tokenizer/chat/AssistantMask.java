package dev.hone.tokenizer.chat;

import dev.hone.tokenizer.chat.ChatTemplateException.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import tools.jackson.databind.JsonNode;

/** Finds which tokens of a conversation are the assistant's own. */
final class AssistantMask {
  private final ChatTemplate template;
  private final ChatOptions options;
  private final ChatEncoder encoder;

  AssistantMask(ChatTemplate template, ChatOptions options, ChatEncoder encoder) {
    this.template = template;
    this.options = options;
    this.encoder = encoder;
  }

  /**
   * Marks the tokens of text spans, with the results of transformers down to its corner cases: a span that starts beyond
   * the tokens (after truncation) ends the search, and one whose last character has no token, or has the very first one,
   * reaches to the end.
   */
  static boolean[] fromSpans(List<TextSpan> spans, TokenizedText tokens) {
    boolean[] mask = new boolean[tokens.ids().length];
    for (TextSpan span : spans) {
      if (span.end() == 0) {
        continue;
      }
      int first = tokens.tokenAt(span.start());
      if (first < 0) {
        break;
      }
      int last = tokens.tokenAt(span.end() - 1);
      int end = last > 0 ? last + 1 : mask.length;
      if (first < end) {
        Arrays.fill(mask, first, end, true);
      }
    }
    return mask;
  }

  /** The spans without those of messages that are not to be marked; which are theirs is counted. */
  List<TextSpan> chosen(List<TextSpan> spans, List<?> messages, IntPredicate which) {
    List<TextSpan> chosen = new ArrayList<>(spans);
    for (int i = messages.size() - 1; i >= 0; i--) {
      if (isAssistant(messages.get(i)) && !which.test(i)) {
        int from = marks(messages, i, i);
        int to = marks(messages, i + 1, i);
        if (from > to || to > chosen.size()) {
          throw refused(i, "cut before it, the conversation has " + from + " marks, cut after it " + to + " of " + spans.size());
        }
        chosen.subList(from, to).clear();
      }
    }
    return chosen;
  }

  private int marks(List<?> messages, int count, int message) {
    try {
      return count == 0 ? 0 : template.renderCut(messages.subList(0, count), options).generations().size();
    } catch (ChatTemplateException e) {
      throw refused(message, "the template fails on the conversation cut there (" + e.getMessage() + ")");
    }
  }

  /** Marks what is between the conversation cut before each assistant message and cut after it. */
  boolean[] fromPrefixes(List<?> messages, String text, int[] ids, IntPredicate which) {
    boolean[] mask = new boolean[ids.length];
    for (int i = 0; i < messages.size(); i++) {
      if (!isAssistant(messages.get(i)) || !which.test(i)) {
        continue;
      }
      int start = prefix(messages, i, i, true, text, ids);
      boolean whole = i == messages.size() - 1 && !options.addGenerationPrompt();
      int end = whole ? ids.length : prefix(messages, i + 1, i, false, text, ids);
      if (end < start) {
        throw refused(i, "without it the conversation has " + start + " tokens, with it " + end);
      }
      Arrays.fill(mask, start, end, true);
    }
    return mask;
  }

  private static boolean isAssistant(Object message) {
    return switch (message) {
      case Map<?, ?> map -> map.get("role") instanceof JsonNode role
          ? role.asString("").equals("assistant") : "assistant".equals(map.get("role"));
      case JsonNode node -> node.path("role").asString("").equals("assistant");
      default -> false;
    };
  }

  /**
   * The number of tokens of the first {@code count} messages.
   *
   * @param message the assistant message in question, for errors
   * @throws ChatTemplateException unless they are the first tokens of the whole conversation
   */
  private int prefix(List<?> messages, int count, int message, boolean prompt, String text, int[] ids) {
    String side = prompt ? "before" : "after";
    String cut;
    try {
      cut = template.renderCut(messages.subList(0, count), options.withGenerationPrompt(prompt)).text();
    } catch (ChatTemplateException e) {
      throw refused(message, "the template fails on the conversation cut " + side + " it (" + e.getMessage() + ")");
    }
    if (!text.startsWith(cut)) {
      int at = Arrays.mismatch(text.toCharArray(), cut.toCharArray());
      throw refused(message, "cut " + side + " it, the conversation renders differently from character " + at + " on: "
          + around(cut, at) + " instead of " + around(text, at));
    }
    int[] cutIds = ChatTemplate.encodeText(cut, options, encoder).ids();
    int at = Arrays.mismatch(cutIds, ids);
    if (at >= 0 && at < cutIds.length) {
      throw refused(message, "cut " + side + " it, the text is tokenized differently from token " + at + " on");
    }
    return cutIds.length;
  }

  private static String around(String s, int at) {
    String part = s.substring(Math.max(0, at - 10), Math.min(s.length(), at + 30));
    return '"' + part.replace("\n", "\\n") + '"';
  }

  private static ChatTemplateException refused(int message, String why) {
    return ChatTemplateException.of(Kind.MASK, "message " + message + " (assistant, counted from 0) cannot be masked: "
        + why + "; use a template that marks the assistant's text with {% generation %}");
  }
}
