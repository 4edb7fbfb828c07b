package dev.hone.train.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.json.JsonMapper;

/** One row of a data set: one record per kind of task. */
public sealed interface Example {
  /** Fails for what a file cannot have but a database: nothing at all. */
  private static void require(Object part, String row, String what) {
    if (part == null) {
      throw new IllegalArgumentException(row + ": the " + what + " is null; leave the row out, or give it one");
    }
  }

  /**
   * A text and its class.
   *
   * @param text the text, never blank
   * @param label the class by name, without surrounding spaces
   */
  record Labelled(String text, String label) implements Example {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** Checks that neither is null. */
    public Labelled {
      require(text, "Labelled", "text");
      require(label, "Labelled", "label");
    }

    /**
     * The labels of a row that may carry several: of a JSON list, or separated by {@code |}, {@code ;} or commas.
     *
     * @throws tools.jackson.core.JacksonException for a list that is not JSON
     */
    public List<String> labels() {
      if (label.startsWith("[") && label.endsWith("]")) {
        List<String> labels = new ArrayList<>();
        JSON.readTree(label).forEach(each -> labels.add(each.asString().strip()));
        return labels;
      }
      return List.of(label.split("\\s*[|;,]\\s*"));
    }
  }

  /**
   * Texts that belong together or do not: an anchor, what it is compared with, and perhaps negatives, which do not belong to the
   * anchor; or one text and its class, where texts of a class belong together.
   *
   * @param texts the anchor first; one alone if there is a label
   * @param score how much the first two belong together; NaN if not said
   * @param label the class of the one text, or null
   */
  record Related(List<String> texts, double score, String label) implements Example {
    /** Checks that there are two texts, or one and its label. */
    public Related {
      texts = List.copyOf(texts);
      if (label == null ? texts.size() < 2 : texts.size() != 1) {
        throw new IllegalArgumentException("Related: " + texts.size() + " texts" + (label == null
            ? "; give an anchor and a positive"
            : " and a label; give one text"));
      }
    }

    /** Two texts that belong together. */
    public static Related pair(String anchor, String positive) {
      return new Related(List.of(anchor, positive), Double.NaN, null);
    }
  }

  /** What a language model can learn from. */
  sealed interface Language extends Example {}

  /**
   * A text, to predict for or to be learnt as a whole.
   *
   * @param text the text, never blank
   */
  record Text(String text) implements Language {
    /** Checks that it is not null. */
    public Text {
      require(text, "Text", "text");
    }
  }

  /**
   * A long text without rows, such as a book: to be learnt in blocks, from its first character to its last.
   *
   * @param text the text, never blank
   */
  record Document(String text) implements Language {
    /** Checks that it is not null. */
    public Document {
      require(text, "Document", "text");
    }

    /** The first and the last part of the text; {@code share} of its characters are in the last. */
    public List<Document> cut(double share) {
      int at = (int) Math.round(text.length() * (1 - share));
      at += at > 0 && at < text.length() && Character.isLowSurrogate(text.charAt(at)) ? 1 : 0;
      if (!(share > 0 && share < 1) || text.substring(0, at).isBlank() || text.substring(at).isBlank()) {
        throw new IllegalArgumentException("cannot hold out " + share + " of a text of " + text.length()
            + " characters; give a share between 0 and 1 that leaves something on both sides");
      }
      return List.of(new Document(text.substring(0, at)), new Document(text.substring(at)));
    }
  }

  /**
   * The beginning of a text and what is to follow it. Nothing is put between the two.
   *
   * @param prompt what is given
   * @param completion what is to be learnt, never blank
   */
  record Completion(String prompt, String completion) implements Language {
    /** Checks that neither is null. */
    public Completion {
      require(prompt, "Completion", "prompt");
      require(completion, "Completion", "completion");
    }
  }

  /**
   * A text whose words have tags.
   *
   * @param text the text
   * @param words its words in their order, at least one
   */
  record Tagged(String text, List<Word> words) implements Example {
    /**
     * A word.
     *
     * @param start where it begins in the text
     * @param end where it ends
     * @param tag such as {@code B-PER}, {@code I-PER} or {@code O}
     */
    public record Word(int start, int end, String tag) {}

    /** Checks that neither is null. */
    public Tagged {
      require(text, "Tagged", "text");
      require(words, "Tagged", "list of words");
      words = List.copyOf(words);
    }

    /** Words with their tags, written with spaces between them. */
    public static Tagged of(List<String> words, List<String> tags) {
      if (words.size() != tags.size()) {
        throw new IllegalArgumentException("Tagged: " + words.size() + " words, " + tags.size() + " tags");
      }
      StringBuilder text = new StringBuilder();
      List<Word> placed = new ArrayList<>();
      for (int i = 0; i < words.size(); i++) {
        text.append(i == 0 ? "" : " ");
        placed.add(new Word(text.length(), text.length() + words.get(i).length(), tags.get(i)));
        text.append(words.get(i));
      }
      return new Tagged(text.toString(), placed);
    }

    /** The tags of the words. */
    public List<String> tags() {
      return words.stream().map(Word::tag).toList();
    }
  }

  /** What people, or a rule, think of answers. */
  sealed interface Judged extends Example {
    /** What the answers follow: a text, or a conversation without messages where there is no prompt. */
    Language prompt();
  }

  /**
   * What was asked, and which of two answers is the better one. All three are texts, or all are conversations.
   *
   * @param prompt what both answers follow; a conversation without messages where there is no prompt
   * @param chosen the better answer, or the messages of it
   * @param rejected the other one
   * @param margin by how much it is better, where that is known; else 0
   */
  record Preference(Language prompt, Language chosen, Language rejected, double margin) implements Judged {
    /** Checks that none is null. */
    public Preference {
      require(prompt, "Preference", "prompt");
      require(chosen, "Preference", "chosen answer");
      require(rejected, "Preference", "rejected answer");
    }

    /** Whether both answers are the same, so that there is nothing to prefer. */
    public boolean isTied() {
      return chosen.equals(rejected);
    }

    /** Its two answers as such that were liked or not. */
    public List<Rated> rated() {
      return List.of(new Rated(prompt, chosen, true), new Rated(prompt, rejected, false));
    }
  }

  /**
   * What was asked, and an answer that was liked or not.
   *
   * @param prompt what the answer follows, a text or a conversation as the answer is
   * @param answer a text, or the messages of it
   * @param liked whether it was
   */
  record Rated(Language prompt, Language answer, boolean liked) implements Judged {
    /** Checks that neither is null. */
    public Rated {
      require(prompt, "Rated", "prompt");
      require(answer, "Rated", "answer");
    }
  }

  /**
   * A conversation, of which the assistant's words are to be learnt.
   *
   * @param messages maps such as {@code {"role": "user", "content": "Hello"}}, at least one; a content may be a list of parts,
   *     {@code {"type": "text", "text": "Hello"}}, which templates that know none get as one text
   * @param tools descriptions of functions that the assistant may call, or null
   */
  record Chat(List<Map<String, Object>> messages, List<Map<String, Object>> tools) implements Language {
    /** Where a message may say something. */
    static final Set<String> SAYING =
        Set.of("content", "tool_calls", "function_call", "reasoning_content", "reasoning", "thinking");

    /** Checks that the messages are not null. */
    public Chat {
      require(messages, "Chat", "list of messages");
    }

    /**
     * Whether a message is given and never learnt: its {@code weight} is 0, or its {@code train} or {@code training} is false.
     *
     * @param i the message, from 0
     * @throws IllegalArgumentException for a weight that is neither 0 nor 1
     */
    public boolean isContext(int i) {
      Map<String, Object> message = messages.get(i);
      Object weight = message.get("weight");
      if (weight != null && !(weight instanceof Number number && (number.doubleValue() == 0 || number.doubleValue() == 1))) {
        throw new IllegalArgumentException("message " + (i + 1) + " has the weight " + weight
            + "; a message is learnt (1) or given as context (0)");
      }
      return weight != null && ((Number) weight).doubleValue() == 0 || Boolean.FALSE.equals(message.get("train"))
          || Boolean.FALSE.equals(message.get("training"));
    }

    /** What message {@code i} says: its text, those of its parts, or, of an object or of calls of tools, their JSON. */
    public String words(int i) {
      Map<String, Object> message = messages.get(i);
      Object content = message.get("content");
      if (content instanceof String text) {
        return text;
      }
      if (content instanceof List<?> parts) {
        List<String> texts = new ArrayList<>();
        for (Object part : parts) {
          if (part instanceof Map<?, ?> map && map.get("text") instanceof String text) {
            texts.add(text);
          }
        }
        if (!texts.isEmpty()) {
          return String.join("\n", texts);
        }
      }
      Object said = content != null && !content.equals(List.of()) ? content : message.get("tool_calls");
      return said == null ? "" : Labelled.JSON.writeValueAsString(said);
    }

    /** The last message that is an answer to be learnt, which something comes before; -1 if there is none. */
    public int lastAnswer() {
      for (int i = messages.size() - 1; i > 0; i--) {
        if ("assistant".equals(messages.get(i).get("role")) && !isContext(i)) {
          return i;
        }
      }
      return -1;
    }

    /** The conversation up to message {@code i}, which is to be answered. */
    public Chat before(int i) {
      return new Chat(messages.subList(0, i), tools);
    }

    /** Whether message {@code i} says anything: a text that is not blank, a call of a tool, or a thought. */
    public boolean says(int i) {
      return SAYING.stream().anyMatch(part -> says(messages.get(i).get(part)));
    }

    private static boolean says(Object said) {
      return switch (said) {
        case null -> false;
        case String text -> !text.isBlank();
        case List<?> parts -> parts.stream()
            .anyMatch(part -> says(part instanceof Map<?, ?> map && map.get("text") instanceof String text ? text : part));
        case Map<?, ?> map -> !map.isEmpty();
        default -> true;
      };
    }

    /** Why the assistant says nothing here that is to be learnt; empty if it does. */
    public String lacksAnswer() {
      Set<String> roles = new TreeSet<>();
      boolean speaks = false;
      boolean learnt = false;
      for (int i = 0; i < messages.size(); i++) {
        boolean assistant = "assistant".equals(messages.get(i).get("role"));
        if (assistant && !isContext(i)) {
          if (says(i)) {
            return "";
          }
          learnt = true;
        }
        speaks |= assistant;
        roles.add(String.valueOf(messages.get(i).get("role")));
      }
      return learnt ? "the assistant's answer is empty" : speaks ? "every assistant message has weight 0"
          : "no assistant message; roles seen: " + String.join(", ", roles);
    }
  }
}
