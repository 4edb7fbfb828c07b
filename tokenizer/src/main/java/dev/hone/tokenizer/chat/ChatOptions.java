package dev.hone.tokenizer.chat;

import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.JsonNode;

/**
 * What a template is given besides the messages. Start from {@link #DEFAULT} and change what differs.
 *
 * @param tools JSON schemas of the functions that the model may call, or null: the template then sees {@code none}
 * @param documents for retrieval: maps with a title and a text, or null
 * @param addGenerationPrompt end with the header of the assistant's next message
 * @param continueField the field of the last message that the model is to continue ({@code "content"}): the text ends
 *     right after it; null to close the message as usual
 * @param variables further variables of the template: the special tokens ({@code bos_token}, {@code eos_token}, ...) and
 *     switches such as {@code enable_thinking}
 * @param clock what {@code strftime_now} reads, in its own zone; fix it where runs must be equal on all days
 */
public record ChatOptions(List<?> tools, List<?> documents, boolean addGenerationPrompt, String continueField,
    Map<String, ?> variables, Clock clock) {
  /** No tools, no documents, no prompt, no special tokens; the system's clock. */
  public static final ChatOptions DEFAULT =
      new ChatOptions(null, null, false, null, Map.of(), Clock.systemDefaultZone());

  /**
   * Copies the collections.
   *
   * @throws ChatTemplateException if a prompt is to be added after a message that is to be continued
   */
  public ChatOptions {
    tools = tools == null ? null : Collections.unmodifiableList(new ArrayList<>(tools));
    documents = documents == null ? null : Collections.unmodifiableList(new ArrayList<>(documents));
    variables = Collections.unmodifiableMap(new LinkedHashMap<>(variables));
    Objects.requireNonNull(clock, "ChatOptions: clock must not be null");
    if (addGenerationPrompt && continueField != null) {
      throw ChatTemplateException.of(ChatTemplateException.Kind.CONVERSATION, "a conversation can either end with a"
          + " generation prompt or continue its final message, not both; set one of addGenerationPrompt and"
          + " continueFinalMessage");
    }
  }

  /** {@return these options with tools; null for none} */
  public ChatOptions withTools(List<?> newTools) {
    return new ChatOptions(newTools, documents, addGenerationPrompt, continueField, variables, clock);
  }

  /** {@return these options with tools from a JSON array; null or a JSON null for none} */
  public ChatOptions withTools(JsonNode newTools) {
    return withTools(elements("tools", newTools));
  }

  /** {@return these options with documents; null for none} */
  public ChatOptions withDocuments(List<?> newDocuments) {
    return new ChatOptions(tools, newDocuments, addGenerationPrompt, continueField, variables, clock);
  }

  /** {@return these options with documents from a JSON array; null or a JSON null for none} */
  public ChatOptions withDocuments(JsonNode newDocuments) {
    return withDocuments(elements("documents", newDocuments));
  }

  /** {@return these options, ending with the header of the assistant's next message, or not} */
  public ChatOptions withGenerationPrompt(boolean add) {
    return new ChatOptions(tools, documents, add, continueField, variables, clock);
  }

  /** {@return these options, leaving the final message's content open for the model to continue, or not} */
  public ChatOptions withContinueFinalMessage(boolean go) {
    return withContinueFinalMessage(go ? "content" : null);
  }

  /** {@return these options, leaving another field of the final message open; null for none} */
  public ChatOptions withContinueFinalMessage(String field) {
    return new ChatOptions(tools, documents, addGenerationPrompt, field, variables, clock);
  }

  /** {@return these options with one more variable, or another value for it} */
  public ChatOptions withVariable(String name, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(variables);
    more.put(name, value);
    return new ChatOptions(tools, documents, addGenerationPrompt, continueField, more, clock);
  }

  /** {@return these options with more variables} */
  public ChatOptions withVariables(Map<String, ?> more) {
    Map<String, Object> all = new LinkedHashMap<>(variables);
    all.putAll(more);
    return new ChatOptions(tools, documents, addGenerationPrompt, continueField, all, clock);
  }

  /** {@return these options with another clock} */
  public ChatOptions withClock(Clock newClock) {
    return new ChatOptions(tools, documents, addGenerationPrompt, continueField, variables, newClock);
  }

  /** The elements of a JSON array; null for none. */
  static List<JsonNode> elements(String what, JsonNode array) {
    if (array == null || array.isNull()) {
      return null;
    }
    if (!array.isArray()) {
      throw ChatTemplateException.of(ChatTemplateException.Kind.CONVERSATION, what + " must be a JSON array, got "
          + array.getNodeType());
    }
    List<JsonNode> elements = new ArrayList<>(array.size());
    array.forEach(elements::add);
    return elements;
  }
}
