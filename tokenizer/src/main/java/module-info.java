/** Text to token ids and back: {@code tokenizer.json} pipelines, their training, and chat templates. */
module dev.hone.tokenizer {
  requires transitive tools.jackson.databind;

  exports dev.hone.tokenizer;
  exports dev.hone.tokenizer.chat;
  exports dev.hone.tokenizer.definition;
  exports dev.hone.tokenizer.training;
}
