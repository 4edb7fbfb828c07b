/** Parameter-efficient fine-tuning in the file formats of PEFT. */
module dev.hone.lora {
  requires transitive dev.hone.nn;
  requires tools.jackson.databind;

  exports dev.hone.lora;
}
