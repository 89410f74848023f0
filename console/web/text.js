// Every sentence of the page, Chinese and English; those on alarms, on cases and warnings, on notification and on the
// platform itself in files of their own.

import { ALARM_TEXTS } from "./text_alarm.js";
import { HANDLING_TEXTS } from "./text_handling.js";
import { PLATFORM_TEXTS } from "./text_platform.js";
import { TELLING_TEXTS } from "./text_telling.js";

const TEXTS = {
  product: ["感知中枢", "Ganzhi"],
  monitor: ["实时监控", "Monitor"],
  health: ["运行状况", "Health"],
  reconciliation: ["对账", "Reconciliation"],
  views: ["视图", "Views"],
  switchLanguage: ["English", "中文"],
  switchLanguageHint: ["Switch to English", "切换到中文"],
  soundOn: ["声音 开", "Sound on"],
  soundOff: ["声音 关", "Sound off"],
  soundHint: ["新的红色、橙色报警发出提示音", "Beep for new red and orange alarms"],
  operatorNone: ["值班员 未登记", "No operator"],
  operator: ["值班员 {name}", "Operator {name}"],
  operatorHint: ["点击更改姓名；确认报警时使用", "Click to change the name used for acknowledging"],
  live: ["实时", "Live"],
  connecting: ["正在连接", "Connecting"],
  disconnected: ["已断开", "Disconnected"],
  brokerUp: ["MQTT", "MQTT"],
  brokerDown: ["MQTT 断开", "MQTT down"],
  brokerUnknown: ["MQTT 状态未知", "MQTT unknown"],
  lost: ["与平台的连接已中断，页面数据停留在 {time}，正在自动重连。报警可能已发生变化，请以现场仪表为准。",
    "Connection to the platform lost. What you see is from {time}; reconnecting. Alarms may have changed since: rely on local instruments."],
  brokerLost: ["平台与 MQTT 服务器的连接已断开，暂时收不到新读数，正在自动重连。{error}",
    "The platform has lost the MQTT broker and receives no readings; reconnecting. {error}"],
  tier0: ["正常", "Normal"], tier1: ["蓝", "Blue"], tier2: ["黄", "Yellow"], tier3: ["橙", "Orange"], tier4: ["红", "Red"],
  grade1: ["四级", "level IV"], grade2: ["三级", "level III"], grade3: ["二级", "level II"], grade4: ["一级", "level I"],
  unacknowledgedCount: ["未确认 {n}", "{n} unacknowledged"],
  unacknowledgedShort: ["未确认 {n}", "{n} unack."],
  allAcknowledged: ["已确认", "acknowledged"],
  noneActive: ["无", "none"],
  filterHint: ["只看{colour}色报警", "Show only {colour} alarms"],
  overview: ["接入概况", "Input"],
  readingsPerSecond: ["读数/秒", "readings/s"],
  gatewaysOnline: ["网关", "gateways"],
  pointsCount: ["测点", "points"],
  sources: ["危险源", "Sources"],
  find: ["筛选", "Filter"],
  findSource: ["按名称筛选危险源", "Filter sources by name"],
  findPoint: ["按位号或名称筛选测点", "Filter points by tag or name"],
  points: ["{n} 个测点", "{n} points"],
  inherent: ["{level}重大危险源", "Major hazard {level}"],
  level1: ["一级", "level 1"], level2: ["二级", "level 2"], level3: ["三级", "level 3"], level4: ["四级", "level 4"],
  more: ["还有 {n} 项，请用筛选缩小范围", "{n} more; narrow them down with the filter"],
  noSources: ["尚无危险源", "No sources yet"],
  noSourcesDo: ["在站点目录中登记企业与危险源，在点表 CSV 中登记测点；用 ganzhi check 检查后在运行状况页重新加载配置。",
    "Enter enterprises and sources in the site catalogue and points in the points CSV; verify with ganzhi check, then reload the configuration on the health view."],
  noMatch: ["没有符合筛选的项目", "Nothing matches the filter"],
  noGateways: ["尚无网关接入", "No gateway yet"],
  noGatewaysDo: ["让网关以 QoS 1 连接 {url}，按下面的主题和格式发布；收到第一条后本页自动显示。",
    "Let a gateway connect to {url} and publish with QoS 1 to the topic below; this page shows the first reading by itself."],
  noPoints: ["该危险源没有登记测点", "This source has no points"],
  noPointsDo: ["在点表 CSV 中为它添加测点，在运行状况页重新加载配置后生效。", "Add its points to the points CSV and reload the configuration on the health view."],
  choose: ["请在左侧选择一个危险源", "Choose a source on the left"],
  tag: ["测点", "Point"], value: ["当前值", "Value"], range: ["量程与限值", "Range and limits"], time: ["时间", "Time"], status: ["状态", "State"],
  neverSeen: ["从未上报", "never seen"],
  silent: ["无数据", "silent"],
  simulated: ["模拟", "SIM"],
  simulatedHint: ["模拟数据，不是现场读数", "Made-up data, not from the field"],
  uncertain: ["存疑", "uncertain"], out_of_range: ["超量程", "out of range"], in_calibration: ["校准中", "calibration"],
  in_maintenance: ["维护中", "maintenance"], device_fault: ["设备故障", "device fault"],
  curve: ["近期曲线", "Recent curve"],
  minutes5: ["5 分钟", "5 min"], minutes30: ["30 分钟", "30 min"], minutes120: ["2 小时", "2 h"],
  window: ["时间范围", "Window"], scale: ["纵轴", "Scale"],
  scaleLimits: ["含限值", "Limits"], scaleFit: ["贴合", "Fit"], scaleRange: ["量程", "Range"],
  curveEmpty: ["该时段没有读数", "No readings in this window"],
  curveLoading: ["正在读取曲线…", "Loading the curve…"],
  curveFailed: ["曲线读取失败，稍后自动重试", "The curve could not be read; trying again"],
  curveOld: ["最近一次读数在 {time}，曲线停在该时刻", "The last reading is from {time}; the curve ends there"],
  showAll: ["显示全部", "Show all"],
  journal: ["最近事件", "Recent events"],
  noEvents: ["还没有报警事件", "No alarm events yet"],
  unacknowledged: ["未确认", "Unacknowledged"], acknowledged: ["已确认", "Acknowledged"],
  returned_unacknowledged: ["已恢复·未确认", "Cleared, unacknowledged"],
  latched_unacknowledged: ["锁存·未确认", "Latched, unacknowledged"],
  latched_acknowledged: ["锁存·已确认", "Latched, acknowledged"], normal: ["正常", "Normal"],
  device: ["设备", "Device"], retrospective: ["补传", "Late data"],
  retrospectiveHint: ["由迟到的数据判定，不发声", "Judged from late data; never sounded"],
  advice: ["处置建议", "What to do"], basis: ["依据", "Basis"],
  acknowledge: ["确认", "Acknowledge"], acknowledging: ["提交中…", "Sending…"],
  byAt: ["{name} 于 {time} 确认", "Acknowledged by {name} at {time}"],
  raisedAt: ["{time} 发生", "Raised {time}"],
  lasting: ["持续 {age}", "for {age}"], ago: ["{age}前", "{age} ago"], justNow: ["刚刚", "now"],
  was: ["最高{colour}", "worst {colour}"],
  dialogAcknowledge: ["确认报警", "Acknowledge alarm"], dialogOperator: ["登记值班员", "Who is on duty"],
  person: ["姓名", "Name"], comment: ["附言（可不填）", "Note (optional)"],
  personHint: ["记在本机，确认报警时写入报警日志", "Kept on this computer; written to the journal with each acknowledgement"],
  cancel: ["取消", "Cancel"], save: ["保存", "Save"],
  acknowledgedToast: ["已确认：{name}", "Acknowledged: {name}"],
  failedToast: ["请求失败，平台没有应答，请重试。", "The request failed: the platform does not answer. Try again."],
  raised: ["发生", "Raised"], worsened: ["升级", "Worsened"], eased: ["降级", "Eased"], updated: ["更新", "Updated"],
  cleared: ["恢复", "Cleared"], reset: ["复位", "Reset"],
  newAlarm: ["新报警，{colour}色：{text}", "New {colour} alarm: {text}"],
  system: ["系统", "System"],
  secs: ["{n}秒", "{n} s"], mins: ["{n}分", "{n} min"], hours: ["{n}小时{m}分", "{n} h {m} min"], days: ["{n}天{m}小时", "{n} d {m} h"],
  ...ALARM_TEXTS,
  ...HANDLING_TEXTS,
  ...PLATFORM_TEXTS,
  ...TELLING_TEXTS,
};

const SECTORS = {
  tank_farm: ["罐区", "Tank farm"], gas_detection: ["可燃有毒气体", "Gas detection"], process_unit: ["重点工艺", "Process unit"],
  tailings: ["尾矿库", "Tailings dam"], slope: ["露天矿边坡", "Slope"], rainfall: ["雨量", "Rainfall"], mine: ["非煤地下矿", "Mine"],
  gas_network: ["燃气管网", "Gas network"], dust: ["粉尘涉爆", "Dust"], fire: ["消防与电气", "Fire and electrical"],
  confined_space: ["有限空间", "Confined space"], hot_work: ["动火作业", "Hot work"], special_equipment: ["特种设备", "Special equipment"],
  energy_storage: ["储能电站", "Energy storage"], construction: ["建筑施工", "Construction"], crowd: ["人员密集场所", "Crowd"],
  power_use: ["电力助应急", "Power use"], waterway: ["航道渔船低空", "Waterway"], pipe_gallery: ["管廊排水", "Pipe gallery"],
  metallurgy: ["金属冶炼", "Metallurgy"], fireworks: ["烟花爆竹", "Fireworks"], hazmat_transport: ["危化运输", "Hazmat transport"],
  video_event: ["视频智能分析", "Video events"],
};

const QUANTITIES = {
  level: ["液位", "Level"], temperature: ["温度", "Temperature"], pressure: ["压力", "Pressure"], flow: ["流量", "Flow"],
  inflow: ["进料流量", "Inflow"], outflow: ["出料流量", "Outflow"], combustible_gas: ["可燃气体", "Combustible gas"],
  ammonia: ["氨", "Ammonia"], oxygen: ["氧气", "Oxygen"], hydrogen_sulfide: ["硫化氢", "Hydrogen sulfide"],
  carbon_monoxide: ["一氧化碳", "Carbon monoxide"], vibration: ["振动", "Vibration"], current: ["电流", "Current"],
  voltage: ["电压", "Voltage"], humidity: ["湿度", "Humidity"], wind_speed: ["风速", "Wind speed"],
};

let column = 0;

export const language = () => (column === 0 ? "zh" : "en");

export function setLanguage(code) {
  column = code === "en" ? 1 : 0;
  document.documentElement.lang = column === 0 ? "zh-CN" : "en";
}

export function t(key, values = {}) {
  const entry = TEXTS[key];
  if (!entry) return key;
  return entry[column].replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

// A text of the platform in the language chosen; the other one where that is empty.
export const pick = (text) => (text ? (column === 0 ? text.zh || text.en : text.en || text.zh) : "");

export const sectorName = (sector) => (Object.hasOwn(SECTORS, sector) ? SECTORS[sector][column] : sector);
export const quantityName = (name) => (Object.hasOwn(QUANTITIES, name) ? QUANTITIES[name][column] : name);
export const tierName = (tier) => t(`tier${tier}`);
