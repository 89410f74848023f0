// The sentences on what people were told.

export const TELLING_TEXTS = {
  telling: ["通知", "Notices"],
  tellingLoading: ["正在读取通知记录…", "Loading what was told…"],
  tellingFailed: ["通知记录读取失败，正在重试", "What was told could not be read; trying again"],
  findDelivery: ["按接收方、报警或文字筛选", "Filter by receiver, alarm or text"],
  deliveryNoted: ["时间", "Noted"], deliveryReceiver: ["接收方", "Receiver"], deliveryWhat: ["内容", "What"],
  deliveryOutcome: ["结果", "Outcome"], deliveryWhy: ["说明", "Why"],
  deliveryAll: ["全部", "All"], delivery_waiting: ["等待", "Waiting"], delivery_sent: ["已发送", "Sent"], delivery_not_sent: ["未发送", "Not sent"],
  deliverySentAt: ["{time} 送达", "sent {time}"], deliveryDue: ["不早于 {time}", "not before {time}"], deliveryTries: ["已尝试 {n} 次", "tried {n} times"],
  deliveryNobody: ["无人", "nobody"], deliveryDrill: ["演练", "Drill"], deliveryNewest: ["仅列出最近 {n} 条", "The newest {n} only"],
  noDeliveries: ["没有通知记录", "Nothing was to be told"],
  noDeliveriesDo: ["在设置文件的 [[notify.receiver]] 和 [[notify.route]] 中配置接收方与路由。",
    "Name receivers and routes in [[notify.receiver]] and [[notify.route]] of the settings."],
  happening_raised: ["报警", "Raised"], happening_worsened: ["升级", "Worse"], happening_returned: ["恢复通知", "Back"],
  happening_repeated: ["仍未确认", "Still open"], happening_ended: ["恢复", "Over"], happening_eased: ["降级", "Milder"],
  happening_late: ["补传", "Late data"], happening_noted: ["变化", "Change"],
};
