// Two short tones for an orange alarm, three for a red one; off until someone switches it on.

import { recall, remember } from "./state.js";

const TONE_S = 0.16;
const PAUSE_S = 0.08;
const PITCH_HZ = { 3: 740, 4: 988 };
const LOUDNESS = 0.25;
let context = null;

export const soundIsOn = () => recall("sound", "off") === "on";

export function setSound(on) {
  remember("sound", on ? "on" : "off");
}

export function beep(tier) {
  context ??= new AudioContext();
  context.resume();
  for (let i = 0; i < tier - 1; i += 1) {
    const start = context.currentTime + i * (TONE_S + PAUSE_S);
    const tone = new OscillatorNode(context, { frequency: PITCH_HZ[tier] });
    const volume = new GainNode(context, { gain: LOUDNESS });
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + TONE_S);
  }
}
