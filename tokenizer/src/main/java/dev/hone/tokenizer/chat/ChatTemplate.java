package dev.hone.tokenizer.chat;

import dev.hone.tokenizer.chat.ChatTemplateException.Kind;
import dev.hone.tokenizer.chat.jinja.JinjaException;
import dev.hone.tokenizer.chat.jinja.Limits;
import dev.hone.tokenizer.chat.jinja.Template;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import tools.jackson.databind.JsonNode;

/**
 * Renders conversations as a model expects them, by the Jinja template that came with it.
 *
 * {@snippet :
 * ChatTemplate template = ChatTemplate.parse(
 *     "{% for m in messages %}<{{ m.role }}>{{ m.content }}{{ eos_token }}{% endfor %}");
 * ChatOptions options = ChatOptions.DEFAULT.withVariable("eos_token", "</s>");
 * String text = template.render(List.of(Map.of("role", "user", "content", "Hello")), options).text();
 * }
 *
 * <p>Templates are programs from strangers: they run in a sandbox, without access to anything but their input, and
 * within bounds of work, memory and depth. A template is immutable and may be used by any number of threads.
 */
public final class ChatTemplate {
  private final Template template;

  private ChatTemplate(Template template) {
    this.template = template;
  }

  /**
   * Parses a template.
   *
   * @throws ChatTemplateException naming the line, if it is malformed
   */
  public static ChatTemplate parse(String source) {
    try {
      return new ChatTemplate(Template.parse(source));
    } catch (JinjaException e) {
      throw ChatTemplateException.in(source, e);
    }
  }

  /**
   * This template with another bound of the work that one rendering may take. The usual one, a thousand million steps or
   * what {@code -Dhone.template.work} says, stands for minutes; a server that renders templates of strangers may want less.
   *
   * @param steps evaluated syntax nodes, plus a fraction of the characters and elements that are looked at or made; at least 1
   */
  public ChatTemplate withWork(long steps) {
    return new ChatTemplate(template.withLimits(Limits.DEFAULT.withWork(steps)));
  }

  /** {@return the text this was parsed from: what to store beside a model trained with it} */
  public String source() {
    return template.source();
  }

  /**
   * {@return whether the template marks with {@code {% generation %}} what the assistant says} One that does so inside
   * a macro or another block that keeps its text for itself does not count: there the place of the text is unknown.
   */
  public boolean marksAssistant() {
    return template.hasGeneration() && template.capturedGeneration() == 0;
  }

  /**
   * Renders a conversation.
   *
   * @param messages maps such as {@code {"role": "user", "content": "Hello"}}; keys keep their order
   * @throws ChatTemplateException if there are no messages, or the template refuses them, fails or costs too much
   */
  public RenderedChat render(List<? extends Map<String, ?>> messages, ChatOptions options) {
    return renderAny(messages, options);
  }

  /**
   * Renders a conversation.
   *
   * @param messages a JSON array of objects such as {@code {"role": "user", "content": "Hello"}}
   * @throws ChatTemplateException if there are no messages, or the template refuses them, fails or costs too much
   */
  public RenderedChat render(JsonNode messages, ChatOptions options) {
    return renderAny(ChatOptions.elements("messages", messages), options);
  }

  /**
   * Renders and encodes a conversation. This is the way to get tokens: the text already holds its special tokens, and
   * none is added.
   *
   * @throws ChatTemplateException as {@link #render(List, ChatOptions)}, and if the encoder put a second beginning of
   *     sequence in front
   */
  public TokenizedText encode(List<? extends Map<String, ?>> messages, ChatOptions options, ChatEncoder encoder) {
    return encodeText(renderAny(messages, options).text(), options, encoder);
  }

  /** As {@link #encode(List, ChatOptions, ChatEncoder)}, of a JSON array. */
  public TokenizedText encode(JsonNode messages, ChatOptions options, ChatEncoder encoder) {
    return encodeText(render(messages, options).text(), options, encoder);
  }

  /**
   * Renders and encodes a conversation for training, and marks the assistant's tokens.
   *
   * <p>Where the template {@linkplain #marksAssistant() marks them itself}, its marks decide. Otherwise the conversation
   * is also rendered cut before and after each assistant message, and the tokens between the two cuts are marked; that
   * needs a template whose text for the beginning of a conversation is the beginning of its text for the whole, token by
   * token, and fails for the others rather than guess.
   *
   * @throws ChatTemplateException as {@link #encode(List, ChatOptions, ChatEncoder)}, and naming the message and the
   *     reason, if the tokens cannot be told apart
   */
  public MaskedChat encodeMasked(List<? extends Map<String, ?>> messages, ChatOptions options, ChatEncoder encoder) {
    return masked(messages, options, encoder, _ -> true);
  }

  /**
   * Renders and encodes a conversation, and marks only some of the assistant's messages. A template that marks them itself is
   * rendered cut before and after each of the others, to count its marks.
   *
   * @param which whether a message is to be marked, by its number from 0
   */
  public MaskedChat encodeMasked(List<? extends Map<String, ?>> messages, ChatOptions options, ChatEncoder encoder,
      IntPredicate which) {
    return masked(messages, options, encoder, which);
  }

  /** As {@link #encodeMasked(List, ChatOptions, ChatEncoder)}, of a JSON array. */
  public MaskedChat encodeMasked(JsonNode messages, ChatOptions options, ChatEncoder encoder) {
    return masked(ChatOptions.elements("messages", messages), options, encoder, _ -> true);
  }

  private MaskedChat masked(List<?> messages, ChatOptions options, ChatEncoder encoder, IntPredicate which) {
    if (options.continueField() != null) {
      throw ChatTemplateException.of(Kind.CONVERSATION, "a conversation whose final message is to be continued is for"
          + " generating, and has no assistant mask");
    }
    RenderedChat whole = renderAny(messages, options);
    TokenizedText tokens = encodeText(whole.text(), options, encoder);
    AssistantMask mask = new AssistantMask(this, options, encoder);
    boolean[] assistant = marksAssistant()
        ? AssistantMask.fromSpans(mask.chosen(whole.generations(), messages, which), tokens)
        : mask.fromPrefixes(messages, whole.text(), tokens.ids(), which);
    return new MaskedChat(whole.text(), tokens.ids(), assistant);
  }

  /** Encodes rendered text, and refuses the encoder that doubles the beginning of the sequence. */
  static TokenizedText encodeText(String text, ChatOptions options, ChatEncoder encoder) {
    TokenizedText tokens = encoder.encode(text);
    int[] ids = tokens.ids();
    if (ids.length > 1 && ids[0] == ids[1] && options.variables().get("bos_token") instanceof String bos
        && !bos.isEmpty() && text.startsWith(bos) && !text.startsWith(bos + bos)) {
      throw ChatTemplateException.of(Kind.CONVERSATION, "the encoder put a second " + bos + " (token " + ids[0]
          + ") in front of the text, which the template had begun with one; encode rendered text without adding special"
          + " tokens");
    }
    return tokens;
  }

  /** Renders messages that are maps or JSON objects. */
  RenderedChat renderAny(List<?> messages, ChatOptions options) {
    if (messages == null || messages.isEmpty()) {
      throw ChatTemplateException.of(Kind.CONVERSATION,
          "Cannot apply chat template to an empty conversation. Provide at least one message.");
    }
    if (options.continueField() != null) {
      return new RenderedChat(FinalMessage.render(this, messages, options), List.of());
    }
    return renderCut(messages, options);
  }

  /** Renders messages as they are, also none at all. */
  RenderedChat renderCut(List<?> messages, ChatOptions options) {
    Map<String, Object> variables = new HashMap<>(options.variables());
    variables.put("messages", messages);
    variables.put("tools", options.tools());
    variables.put("documents", options.documents());
    variables.put("add_generation_prompt", options.addGenerationPrompt());
    try {
      Template.Rendered rendered = template.render(variables, options.clock());
      List<TextSpan> spans = new ArrayList<>();
      for (int i = 0; i < rendered.generations().size(); i += 2) {
        spans.add(new TextSpan(rendered.generations().get(i), rendered.generations().get(i + 1)));
      }
      return new RenderedChat(rendered.text(), spans);
    } catch (JinjaException e) {
      throw ChatTemplateException.in(source(), e);
    }
  }
}
