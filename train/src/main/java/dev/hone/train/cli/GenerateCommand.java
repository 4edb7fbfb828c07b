package dev.hone.train.cli;

import dev.hone.core.DType;
import dev.hone.core.Device;
import dev.hone.nn.InterleavedWeights;
import dev.hone.nn.Task;
import dev.hone.nn.generate.Generated;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.generate.PromptLookup;
import dev.hone.nn.generate.Sampling;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.data.Example;
import dev.hone.train.infer.TextGenerator;
import dev.hone.train.run.DeviceFlag;
import dev.hone.train.run.QuantFlags;
import dev.hone.train.run.TrainFlags;
import dev.hone.train.source.ModelArgument;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Lets a language model write. */
final class GenerateCommand implements Command {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** Guesses of next tokens, for all that writes. */
  static final List<Flag> DRAFTS = List.of(
      Flag.toggle("prompt-lookup", "guess that the text goes on as where its last words stood before; changes no token"),
      Flag.of("draft-model", "DIR|org/name|maven:G:A:V", null, "a smaller model of one tokenizer guesses; changes no token"));

  private static final int DRAFTED = 7; // guesses of a model at a time, at most: each costs a pass of it

  @Override
  public String name() {
    return "generate";
  }

  @Override
  public String summary() {
    return "let a language model continue a prompt or answer in a chat";
  }

  @Override
  public String usage() {
    return "--model DIR [--adapter DIR] --prompt TEXT [--chat] [--flag value]...";
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
        Flag.of("prompt", "TEXT", null, "what to go on from; several as free texts, one after the other"),
        Flag.of("data", "FILE", null, "prompts: rows with prompt, text or messages; a .txt with one on each line"),
        TextRows.KEEP,
        Flag.toggle("json", "one JSON object for each prompt: what was written, tokens, and why it ended"),
        Flag.toggle("chat", "the prompt is what a user says: the chat template is put around it"),
        Flag.of("system", "TEXT", null, "with --chat: what is said before"),
        Flag.of("max-new-tokens", "N", null, "the most tokens to write [generation_config.json, else 128]"),
        Flag.of("min-new-tokens", "N", null, "so many before the text may end"),
        Flag.of("temperature", "X", null, "0 takes the likeliest token, 1 draws as the model says"),
        Flag.of("top-k", "N", null, "draw from the N likeliest tokens; 0 for all"),
        Flag.of("top-p", "X", null, "draw from the likeliest tokens that together reach this probability"),
        Flag.of("min-p", "X", null, "draw from tokens at least this share as likely as the likeliest"),
        Flag.of("repetition-penalty", "X", null, "above 1: tokens that were there become less likely"),
        Flag.of("stop", "TEXT", null, "a text that ends the answer; it is not shown"),
        Flag.of("num-return-sequences", "N", "1", "so many texts for each prompt, by other draws; the prompt is computed once"),
        Flag.of("seed", "N", "42", "of the draws")));
    flags.addAll(DRAFTS);
    flags.addAll(TrainFlags.DATA);
    flags.addAll(QuantFlags.ALL);
    flags.addAll(DeviceFlag.ALL);
    return flags;
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    List<String> prompts = new ArrayList<>(arguments.free());
    if (arguments.has("prompt")) {
      prompts.addFirst(arguments.text("prompt"));
    }
    if (prompts.isEmpty() != arguments.has("data")) {
      throw new UserError(prompts.isEmpty() ? "hone generate: nothing to go on from; give --prompt TEXT or --data FILE"
          : "hone generate: give prompts or --data, not both");
    }
    PromptRows rows = arguments.has("data") ? PromptRows.of(arguments) : null;
    Device device = DeviceFlag.of(arguments, console);
    TextGenerator generator = load(arguments, device, console);
    GenerationSettings settings = settings(arguments, generator.settings());
    int texts = arguments.integer("num-return-sequences");
    if (texts < 1) {
      throw new UserError("--num-return-sequences must be at least 1, is " + texts);
    }
    if (texts > 1 && settings.sampling().temperature() == 0) {
      throw new UserError("--num-return-sequences " + texts + ": at temperature 0 all texts are the same; give --temperature");
    }
    if (rows != null) {
      for (int i = 0; i < rows.size(); i++) {
        Example.Chat chat = rows.chat(i, arguments.on("chat"), arguments.text("system"));
        int[] tokens = chat == null ? generator.prompt(rows.prompt(i)) : generator.prompt(chat);
        write(generator, tokens, texts, settings, rows.prompt(i), rows.identity(i), chat != null, arguments.on("json"), console);
      }
      return 0;
    }
    for (String prompt : prompts) {
      boolean chat = arguments.on("chat");
      int[] tokens = chat ? generator.prompt(PromptRows.asked(prompt, arguments.text("system"))) : generator.prompt(prompt);
      write(generator, tokens, texts, settings, prompt, JSON.createObjectNode(), chat, arguments.on("json"), console);
    }
    return 0;
  }

  private static TextGenerator load(Arguments arguments, Device device, Console console) throws IOException {
    Path model = ModelArgument.resolve(arguments.required("model"), console);
    Path adapter = ModelArgument.adapter(arguments.text("adapter"), console);
    DType quantized = QuantFlags.of(arguments);
    try (KernelWarmUp warmUp = KernelWarmUp.start(model, Task.CAUSAL_LM, quantized, device)) {
      TextGenerator generator = TextGenerator.load(model, adapter, quantized);
      generator.model().to(device);
      InterleavedWeights.later(generator.model());
      warmUp.await();
      return drafting(generator, arguments, console);
    }
  }

  /** A generator with the guesses that the flags ask for. */
  static TextGenerator drafting(TextGenerator generator, Arguments arguments, Console console) throws IOException {
    if (!arguments.has("draft-model")) {
      return arguments.on("prompt-lookup") ? generator.withDrafting(PromptLookup.USUAL) : generator;
    }
    if (arguments.on("prompt-lookup")) {
      throw new UserError("--draft-model and --prompt-lookup both guess; give one of them");
    }
    TextGenerator draft = TextGenerator.load(ModelArgument.resolve(arguments.text("draft-model"), console), null);
    InterleavedWeights.later(draft.model());
    return generator.withDraftModel(draft, DRAFTED);
  }

  private static void write(TextGenerator generator, int[] tokens, int texts, GenerationSettings settings, String prompt,
      ObjectNode identity, boolean chat, boolean json, Console console) {
    if (texts > 1) {
      int[] index = {0};
      generator.generateAll(Collections.nCopies(texts, tokens), settings, (generated, text) -> {
        if (json) {
          console.result(JSON.writeValueAsString(
              object(identity.deepCopy(), prompt, tokens, generated, text).put("index", index[0]++)));
        } else {
          console.result((chat ? "" : prompt) + text);
        }
      });
    } else if (json) {
      StringBuilder text = new StringBuilder();
      Generated generated = generator.generate(tokens, settings, text::append);
      console.result(JSON.writeValueAsString(object(identity, prompt, tokens, generated, text.toString())));
    } else {
      stream(generator, tokens, settings, chat ? "" : prompt, console);
    }
  }

  private static ObjectNode object(ObjectNode identity, String prompt, int[] tokens, Generated generated, String text) {
    return identity.put("prompt", prompt).put("text", text).put("prompt_tokens", tokens.length)
        .put("tokens", generated.tokens().length).put("finish_reason", switch (generated.reason()) {
          case LENGTH -> "length";
          case INTERRUPTED -> "interrupted";
          case END_TOKEN, STOP_STRING -> "stop";
        });
  }

  private static void stream(TextGenerator generator, int[] prompt, GenerationSettings settings, String shown,
      Console console) {
    long start = System.nanoTime();
    long[] first = {0};
    Generated generated = generator.generate(prompt, settings, text -> {
      console.out().print(text);
      console.out().flush();
    }, () -> {
      if (first[0] == 0) { // an error before it has a line of its own
        first[0] = System.nanoTime();
        console.out().print(shown);
      }
    });
    double reading = (first[0] - start) / 1e9;
    double writing = (System.nanoTime() - first[0]) / 1e9;
    int more = generated.tokens().length - 1; // the first new token comes with the prompt
    console.out().println();
    console.note(String.format(Locale.ROOT, "prompt %d tokens, %.1f tokens/s; new %d tokens%s; ended by %s", prompt.length,
        prompt.length / reading, generated.tokens().length,
        more > 0 ? String.format(Locale.ROOT, ", %.1f tokens/s", more / writing) : "", switch (generated.reason()) {
          case END_TOKEN -> "the end token";
          case STOP_STRING -> "a stop text";
          case LENGTH -> "the length";
          case INTERRUPTED -> "an interrupt";
        }));
  }

  /** What the model's directory says, overruled by the flags that are given. */
  private static GenerationSettings settings(Arguments arguments, GenerationSettings usual) {
    Sampling sampling = usual.sampling();
    // A model that does not sample by default samples as it is when asked to: its filters are off.
    sampling = new Sampling(number(arguments, "temperature", sampling.temperature()),
        arguments.has("top-k") ? arguments.integer("top-k") : sampling.topK(), number(arguments, "top-p", sampling.topP()),
        number(arguments, "min-p", sampling.minP()), number(arguments, "repetition-penalty", sampling.repetitionPenalty()),
        arguments.whole("seed"));
    int most = arguments.has("max-new-tokens") ? arguments.integer("max-new-tokens") : usual.maxNewTokens();
    int least = arguments.has("min-new-tokens") ? arguments.integer("min-new-tokens") : Math.min(most, usual.minNewTokens());
    List<String> stops = arguments.has("stop") ? List.of(arguments.text("stop")) : usual.stopStrings();
    return new GenerationSettings(most, least, sampling, usual.endTokens(), stops);
  }

  private static float number(Arguments arguments, String name, float usual) {
    return arguments.has(name) ? (float) arguments.number(name) : usual;
  }
}
